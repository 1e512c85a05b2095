"""Who awaits whom, and the call stack through awaits."""

import asyncio
import cinder
import sys
import types
from cinder import _get_coro_awaiter as aw, _get_frame_gen

def run_async(coro):
    buffer = []
    try:
        while True: buffer.append(coro.send(None))
    except StopIteration as e:
        return buffer, e.value

class FakeFuture:
    def __await__(self): return iter(["future"])

def basic():
    async def coro():
        assert aw(coro_obj) is awaiter_obj, aw(coro_obj)
        return "success"
    async def awaiter(): return await coro_obj
    coro_obj = coro(); awaiter_obj = awaiter()
    assert aw(coro_obj) is None
    assert run_async(awaiter_obj) == ([], "success")
    assert aw(coro_obj) is None

def eager():
    async def awaitee():
        nonlocal awaitee_frame
        awaitee_frame = sys._getframe()
        await FakeFuture()
        o = _get_frame_gen(awaitee_frame)
        assert isinstance(o, types.CoroutineType)
        assert aw(o) is awaiter_obj
        return "good!"
    async def awaiter():
        nonlocal awaiter_frame
        awaiter_frame = sys._getframe()
        return await awaitee()
    awaitee_frame = awaiter_frame = None
    awaiter_obj = awaiter()
    assert awaiter_obj.send(None) == "future"
    assert _get_frame_gen(awaiter_frame) is awaiter_obj
    assert aw(awaiter_obj) is None
    o = _get_frame_gen(awaitee_frame)
    assert aw(o) is awaiter_obj
    try: awaiter_obj.send(None)
    except StopIteration as e: assert e.value == "good!"
    assert aw(o) is None
    async def awaiter2(): return await awaiter()
    a2 = awaiter2(); a2.send(None)
    o = _get_frame_gen(awaitee_frame); awaiter_obj = _get_frame_gen(awaiter_frame)
    assert aw(o) is awaiter_obj and aw(awaiter_obj) is a2 and aw(a2) is None
    try: a2.send(None)
    except StopIteration as e: assert e.value == "good!"
    assert aw(o) is None and aw(awaiter_obj) is None

def outlives():
    async def coro(): await FakeFuture()
    async def awaiter(cr): await cr
    c = coro(); a = awaiter(c)
    assert a.send(None) == "future"
    assert aw(c) is a
    del a
    assert aw(c) is None

def agen():
    async def coro(): await FakeFuture()
    async def g(cr):
        await cr
        yield "hi"
    c = coro(); ag = g(c)
    assert ag.asend(None).send(None) == "future"
    assert aw(c) is None

def stacks():
    out = {}
    async def a1(n):
        await asyncio.sleep(n)
        out['a1'] = cinder._get_entire_call_stack_as_qualnames()
        out['a1l'] = cinder._get_entire_call_stack_as_qualnames_with_lineno()
    async def a2(n): await a1(n)
    async def a3(): return None
    async def a4(): out['a4'] = cinder._get_entire_call_stack_as_qualnames()
    async def drive(): await asyncio.gather(a2(0.01), a3(), a4())
    asyncio.run(drive())
    def short(s): return [x.rpartition('.')[2] for x in s]
    assert short(out['a1'])[-3:] == ['drive', 'a2', 'a1'], out['a1']
    assert short(out['a4'])[-2:] == ['drive', 'a4'], out['a4']
    async def b5(n): await a2(n)
    async def drive2(): await b5(0)
    asyncio.run(drive2())
    assert short(out['a1'])[-4:] == ['drive2', 'b5', 'a2', 'a1'], out['a1']
    assert all(type(l) is int for _, l in out['a1l'])
    async def w(): await asyncio.wait_for(a2(0.01), 10)
    asyncio.run(w())
    assert short(out['a1'])[-4:] == ['w', 'tasks:wait_for', 'a2', 'a1'], out['a1']
    def gen1(): out['g'] = cinder._get_entire_call_stack_as_qualnames()
    def gen2(): yield gen1()
    def drive3():
        for _ in gen2(): pass
    drive3()
    assert short(out['g'])[-3:] == ['drive3', 'gen2', 'gen1']
    def s1(): return cinder._get_call_stack()
    assert s1()[-2:] == [stacks.__code__, s1.__code__]


def nearest():
    # A call that is awaited at once has no coroutine before it waits: the awaiter is then the one it is made by.
    async def inner(): return aw(inner_obj)
    async def call(c): return await c
    async def outer():
        nonlocal inner_obj
        found = []
        for i in range(3):
            inner_obj = inner()
            found.append(await call(inner_obj))
        return found
    inner_obj = None
    for i in range(100):
        outer_obj = outer()
        found = run_async(outer_obj)[1]
    assert all(coro is outer_obj or coro.cr_code is call.__code__ for coro in found), found


def gathered():
    async def noop(started, barrier):
        started.set_result(None)
        await barrier
    async def gatherer(*coros): await asyncio.gather(*coros)
    async def main():
        started = [asyncio.Future() for _ in range(2)]
        barriers = [asyncio.Future() for _ in range(2)]
        coros = [noop(*pair) for pair in zip(started, barriers)]
        task = asyncio.create_task(coros[0])
        gatherer_coro = gatherer(task, coros[1])
        gatherer_task = asyncio.create_task(gatherer_coro)
        for future in started: await future
        assert aw(coros[0]) is gatherer_coro and aw(coros[1]) is gatherer_coro
        barriers[0].set_result(None)
        await task
        assert aw(coros[0]) is None and aw(coros[1]) is gatherer_coro
        barriers[1].set_result(None)
        await gatherer_task
        assert aw(coros[1]) is None
    asyncio.run(main())


def errors():
    for function, bad in ((aw, 1), (aw, (i for i in ())), (_get_frame_gen, 1)):
        try:
            function(bad)
        except TypeError as error:
            print(error)


for f in basic, eager, outlives, agen, stacks, nearest, gathered, errors:
    f()
    print(f.__name__)
