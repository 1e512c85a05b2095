"""Coroutines and async generators that go on in compiled code: awaited at once and later, cancelled, thrown into, looked at."""

import asyncio
import contextlib
import contextvars
import gc
import inspect
import sys
import types


class Wait:
    """Waits once: yields what it was made with, gives what is sent."""

    def __init__(self, value):
        self.value = value

    def __await__(self):
        got = yield self.value
        return got


@types.coroutine
def wait_twice(value):
    first = yield value
    second = yield value + 1
    return first, second


def drive(coroutine, values=()):
    """All that a coroutine yields, then what it returns."""
    values = iter(values)
    got = []
    try:
        sent = None
        while True:
            got.append(coroutine.send(sent))
            sent = next(values, "-")
    except StopIteration as stop:
        got.append(("returned", stop.value))
    except Exception as error:
        got.append(repr(error))
    return got


def many_times(function):
    for turn in range(12):
        result = function()
    return result


async def fib(n):
    if n <= 1:
        return n
    return await fib(n - 1) + await fib(n - 2)


async def leaf(n):
    if n % 3 == 0:
        return n
    return n, await Wait(n)


async def middle(n):
    first = await leaf(n)
    second = await leaf(n + 1)
    return [first, second, *(await wait_twice(n))]


async def outer(n):
    total = []
    for i in range(n):
        total.append((i, await middle(i), i + await plus(i)))
    return total


async def plus(n):
    return n + 1


print(many_times(lambda: drive(fib(10))))
print(many_times(lambda: drive(outer(3), "abcdefghijklmnop")))
print(drive(fib(2.5)), drive(outer(2.5)))


async def raises(n):
    if n == 0:
        raise ValueError("at the bottom")
    try:
        return await raises(n - 1)
    finally:
        await leaf(n)


print(many_times(lambda: drive(raises(4))))


async def catches(n):
    for i in range(n):
        try:
            await raises(i % 2)
        except ValueError as error:
            yielded = await leaf(i + 1)
            if i == n - 1:
                return str(error), yielded


print(many_times(lambda: drive(catches(5))))


# Thrown into, closed and cancelled.
async def resists(log):
    while True:
        try:
            log.append(await Wait("waiting"))
        except KeyError as error:
            log.append(repr(error))
        except GeneratorExit:
            log.append("exit")
            raise


def thrown_into():
    log = []
    coroutine = through(log)
    out = [coroutine.send(None), coroutine.send(1), coroutine.throw(KeyError("k")), coroutine.send(2)]
    out.append((coroutine.cr_await.__name__, coroutine.cr_running, inspect.getcoroutinestate(coroutine)))
    out.append(sorted(coroutine.cr_frame.f_locals))
    coroutine.close()
    out.append(inspect.getcoroutinestate(coroutine))
    return out, log


async def through(log):
    await resists(log)


print(many_times(thrown_into))


# What is awaited in odd ways.
async def twice():
    coroutine = plus(1)
    first = await coroutine
    try:
        await coroutine
    except RuntimeError as error:
        return first, str(error)


async def nothing_to_await():
    try:
        await 3
    except TypeError as error:
        return str(error)


async def with_contexts(log):
    async with Context(log) as value:
        log.append(await leaf(value))
    try:
        async with Context(log):
            raise OSError("inside")
    except OSError as error:
        log.append(repr(error))
    return log


class Context:
    def __init__(self, log):
        self.log = log

    async def __aenter__(self):
        await leaf(1)
        self.log.append("enter")
        return 4

    async def __aexit__(self, kind, error, traceback):
        self.log.append(kind and kind.__name__)
        await leaf(2)


print(many_times(lambda: drive(twice())))
print(many_times(lambda: drive(nothing_to_await())))
print(many_times(lambda: drive(with_contexts([]), "abcdefg")))


# Closures, defaults, methods, keyword arguments.
def make(offset):
    async def add(value, *more, scale=1):
        await leaf(scale)
        return (value + offset + sum(more)) * scale

    return add


class Adder:
    def __init__(self, offset):
        self.offset = offset

    async def add(self, value, other=0):
        if value:
            return await self.add(value - 1, other=other + self.offset)
        return other

    async def __call__(self, value):
        return await self.add(value)


async def calls():
    add = make(10)
    adder = Adder(2)
    return [await add(1), await add(1, 2, 3), await add(1, scale=3), await adder.add(5), await adder(4), await Adder.add(adder, 2, 1)]


print(many_times(lambda: drive(calls())))


# Async generators.
async def numbers(n, log):
    try:
        for i in range(n):
            if i % 2:
                await leaf(i)
            got = yield i
            if got:
                log.append(got)
    finally:
        await leaf(1)
        log.append("end")


async def collect(n):
    log = []
    out = [x async for x in numbers(n, log)]
    async with contextlib.aclosing(numbers(n, log)) as generator:
        async for x in generator:
            out.append(x * 2)
            if x == 3:
                break
    return out, log


async def by_hand():
    log = []
    generator = numbers(4, log)
    out = [await generator.asend(None), await generator.asend("sent"), await anext(generator)]
    try:
        await generator.athrow(ValueError("thrown"))
    except ValueError as error:
        out.append(repr(error))
    try:
        await anext(generator)
    except StopAsyncIteration:
        out.append("stopped")
    other = numbers(4, log)
    out.append(await anext(other))
    await other.aclose()
    out.append(await anext(other, "default"))
    return out, log


async def nested(n):
    if n:
        async for x in nested(n - 1):
            yield x
    yield n


async def of_nested():
    return [x async for x in nested(6)], {x: y async for x in nested(2) for y in [x]}


print(many_times(lambda: drive(collect(6))))
print(many_times(lambda: drive(by_hand())))
print(many_times(lambda: drive(of_nested())))


# Chains of awaits may be long.
async def deep(n):
    if n:
        return 1 + await deep(n - 1)
    await Wait("deep")
    return 0


def long_chain():
    sys.setrecursionlimit(3000)
    return drive(deep(800))


print(many_times(long_chain))


# Collected while suspended.
class Holder:
    pass


async def held(holder):
    while True:
        await Wait(holder is not None)


def collected():
    holder = Holder()
    holder.coroutine = held(holder)
    holder.coroutine.send(None)
    holder.coroutine.send(None)
    gc.collect()
    result = holder.coroutine.send(None)
    del holder
    gc.collect()
    return result


print(many_times(collected))


# In an event loop.
variable = contextvars.ContextVar("variable", default=0)


async def worker(name, queue, log):
    variable.set(name)
    while True:
        item = await queue.get()
        if item is None:
            return name
        await asyncio.sleep(0)
        log.append((variable.get(), item))


async def pool():
    queue, log = asyncio.Queue(), []
    workers = [asyncio.create_task(worker(name, queue, log)) for name in "xy"]
    for i in range(10):
        await queue.put(i)
    for _ in workers:
        await queue.put(None)
    names = await asyncio.gather(*workers)
    return names, sorted(item for _, item in log)


async def cancelled():
    async def forever(log):
        try:
            while True:
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    log = []
    tasks = [asyncio.create_task(forever(log)) for _ in range(3)]
    for _ in range(5):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    try:
        async with asyncio.timeout(0.001):
            await asyncio.sleep(10)
    except TimeoutError:
        log.append("timeout")
    return log, [type(result).__name__ for result in results]


async def groups():
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(fib(n)) for n in range(8)]
    return [task.result() for task in tasks]


async def main():
    for turn in range(6):
        result = [await pool(), await cancelled(), await groups()]
    return result


print(asyncio.run(main()))


# Never awaited, and awaited elsewhere.
async def unawaited():
    import warnings

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        plus(1)
        gc.collect()
    return [str(warning.message) for warning in seen]


print(drive(unawaited()), drive(unawaited()))


# Tracebacks name the frames in between.
async def fails(n):
    if n == 0:
        await Wait("before")
        raise LookupError("deep down")
    await fails(n - 1)


def names_of_traceback():
    coroutine = fails(3)
    coroutine.send(None)
    try:
        coroutine.send(None)
    except LookupError as error:
        names, entry = [], error.__traceback__
        while entry:
            code = entry.tb_frame.f_code
            names.append((code.co_name, entry.tb_lineno - code.co_firstlineno))
            entry = entry.tb_next
        return names


print(many_times(names_of_traceback))
