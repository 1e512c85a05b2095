"""Generators: send, throw, close, return values, delegation, expressions."""


def echo():
    received = None
    while True:
        try:
            received = yield received
        except ValueError as error:
            received = f"caught {error}"
        finally:
            print("step")


g = echo()
print(next(g), g.send("a"), g.throw(ValueError("b")))
g.close()
print(list(g), g.gi_frame)


def inner():
    x = yield 1
    print("got", x)
    yield 2
    return "result"


def outer():
    value = yield from inner()
    print("inner returned", value)
    yield from (10, 20)
    return "done"


g = outer()
print(next(g), g.send("hello"), list(g))


def finish():
    return 7
    yield


try:
    next(finish())
except StopIteration as stop:
    print(stop.value)


def bad():
    raise StopIteration
    yield


try:
    list(bad())
except RuntimeError as error:
    print(error, type(error.__cause__).__name__)


def stubborn():
    try:
        yield 1
    except GeneratorExit:
        yield 2


g = stubborn()
next(g)
try:
    g.close()
except RuntimeError as error:
    print(error)


def reenter():
    yield next(me)


me = reenter()
try:
    next(me)
except ValueError as error:
    print(error)
squares = (x * x for x in range(5) if x % 2)
print(squares.__name__, list(squares), sum(i for i in range(10)))


def fib():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b


from itertools import islice
print(list(islice(fib(), 15)))
