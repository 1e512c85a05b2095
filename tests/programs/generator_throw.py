"""throw(), close() and the end of generators that delegate, and of awaitables nobody awaits."""

import asyncio
import sys
import types
import warnings


def names():
    frame, found = sys._getframe(1), []
    while frame is not None:
        found.append(frame.f_code.co_name)
        frame = frame.f_back
    return found


def inner():
    try:
        yield 1
    except RuntimeError:
        print(names())
    print(names())
    return "inner is done"


def outer():
    print((yield from inner()))
    yield 2


generator = outer()
print(next(generator), generator.throw(RuntimeError))


class Delegate:
    def __iter__(self): return self
    def __next__(self): return 42
    def throw(self, *args): print("thrown", args)


def delegating():
    yield from Delegate()


generator = delegating()
next(generator)
print(generator.throw(KeyError))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    generator.throw(KeyError, "value")
for args in [(), (1,), (1, 2, 3, 4)]:
    try:
        generator.throw(*args)
    except TypeError as error:
        print(error)


class Odd(Exception):
    def __new__(cls): return cls


def catching():
    try:
        yield
    except TypeError as error:
        print(error)
    yield "caught"


generator = catching()
next(generator)
print(generator.throw(Odd))


class Broken:
    def __iter__(self): return self
    def __next__(self): return 1
    def __getattr__(self, name): 1 / 0


def broken():
    yield from Broken()


sys.unraisablehook = lambda args: print("unraisable", type(args.object).__name__, args.err_msg.split(" 0x")[0].split(" at ")[0], repr(args.exc_value), args.exc_traceback is not None)
generator = broken()
next(generator)
generator.close()


def stubborn():
    while True:
        try:
            yield
        except GeneratorExit:
            pass


generator = stubborn()
next(generator)
del generator

generator = catching()
frame = generator.gi_frame
next(generator)
print(frame.f_back)
print(list(generator), frame.f_back)


async def agen():
    yield 1


async def coroutine():
    pass


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    agen().asend(None)
    agen().athrow(ValueError)
    agen().aclose()
    frame = coroutine().cr_frame
    del frame
for warning in caught:
    print(warning.message)


class AnextOf:
    def __init__(self, result): self.result = result
    def __aiter__(self): return self
    def __anext__(self): return self.result()


async def stops():
    raise StopAsyncIteration


async def main():
    iterator = agen()
    print(await anext(iterator, "default"), await anext(iterator, "default"), await anext(iterator, (1, 2)))
    print(await anext(AnextOf(stops), "default"))
    for result in (lambda: (x for x in ()), lambda: iter("a"), lambda: 1):
        try:
            await anext(AnextOf(result), "default")
        except TypeError as error:
            print(error)
    iterator = agen()
    closing = iterator.aclose()
    await closing
    try:
        await closing
    except RuntimeError as error:
        print(error)
    throwing = agen().athrow(None)
    try:
        await throwing
    except TypeError as error:
        print(error)


asyncio.run(main())
