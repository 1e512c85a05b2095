# Async generators resumed by the loop and by hand, and gather with and without eager tasks.
import asyncio, types
async def agen(n):
    try:
        for i in range(n):
            x = yield i
            if x: print("got", x)
    finally:
        print("fin", n)
async def nested(n):
    if n:
        async for v in nested(n-1): yield v
        await asyncio.sleep(0)
        yield n
        async for v in nested(n-1): yield v
async def boom():
    yield 1
    await asyncio.sleep(0)
    raise ValueError("boom")
async def main():
    async for v in agen(3): print(v)
    print([v async for v in nested(4)])
    try:
        async for v in boom(): print(v)
    except ValueError as e:
        import traceback
        print(repr(e), [f.name for f in traceback.extract_tb(e.__traceback__)])
    g = agen(5)
    print(await g.__anext__(), await g.asend("hi"))
    a = g.__anext__()
    print(await a)
    try: await a
    except RuntimeError as e: print(e)
    try: await g.athrow(KeyError("k"))
    except KeyError as e: print("KE", e)
    try: await g.__anext__()
    except StopAsyncIteration as e: print("SAI", e.args)
    a = g.__anext__()
    try: await a
    except StopAsyncIteration: print('sai')
    try: await a
    except RuntimeError as e: print(e)
    b = boom(); a = b.__anext__(); await a
    a = b.__anext__()
    try: await a
    except ValueError: pass
    try: await a
    except RuntimeError as e: print(e)
    g = agen(2)
    try: await g.asend(1)
    except TypeError as e: print(e)
    await g.__anext__(); await g.aclose(); await g.aclose()
    async def early():
        async for v in agen(10):
            if v == 3: return v
    print(await early())
    async def tup():
        yield (1,2); yield StopIteration(3); yield None
    print([repr(v) async for v in tup()])
    it = tup().__anext__()
    try: it.send(None)
    except StopIteration as e: print(e.args, e.value)
    print(await anext(agen(1), 5))
    e=agen(0)
    print(await anext(e, 'dflt'))
    async def sai():
        yield 1
        raise StopAsyncIteration
    try:
        async for _ in sai(): pass
    except RuntimeError as e: print(repr(e))
    async def slow():
        try:
            while True:
                await asyncio.sleep(0.01); yield 1
        except asyncio.CancelledError: print("cancelled inside"); raise
    async def use():
        n = 0
        async for _ in slow(): n += 1
    t = asyncio.create_task(use()); await asyncio.sleep(0.035); t.cancel()
    try: await t
    except asyncio.CancelledError: print("cancelled")
    # concurrent anext
    s = slow()
    r = await asyncio.gather(s.__anext__(), s.__anext__(), return_exceptions=True)
    print(r); await s.aclose()
    async with asyncio.timeout(5):
        print(await asyncio.gather(*[asyncio.sleep(0, i) for i in range(20)]))
    async def f(i):
        if i == 3: raise ValueError(i)
        return i
    print(await asyncio.gather(*map(f, range(5)), return_exceptions=True))
    try: print(await asyncio.gather(*map(f, range(5))))
    except ValueError as e: print(repr(e))
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    print(await asyncio.gather(*map(f, range(5)), return_exceptions=True))
    try: print(await asyncio.gather(*map(f, range(5))))
    except ValueError as e: print(repr(e))
    c = f(1); print(await asyncio.gather(c, c, asyncio.create_task(f(2))))
    fu = asyncio.gather(asyncio.sleep(1), asyncio.sleep(1)); 
    asyncio.get_running_loop().call_soon(fu.cancel)
    try: await fu
    except asyncio.CancelledError as e: print("gather cancelled", repr(e))
    async def who(): return asyncio.current_task().get_name(), len(asyncio.all_tasks())
    print((await asyncio.gather(who()))[0][1], asyncio.current_task().get_name())
    print(await asyncio.gather())
    try: asyncio.gather(1)
    except TypeError as e: print(e)
    try: asyncio.gather(foo=3)
    except TypeError as e: print(e)
asyncio.run(main())
import inspect; print(inspect.signature(asyncio.gather))
