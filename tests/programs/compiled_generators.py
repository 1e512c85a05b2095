"""Generators that go on in compiled code: suspended in loops, try and with, thrown into, closed, looked at, and met by other types later on."""

import gc
import inspect
import sys
import weakref


def count(n):
    i = 0
    while i < n:
        yield i
        i += 1


def squares(items):
    for item in items:
        yield item * item


def tree(n, label):
    if n > 0:
        yield from tree(n - 1, label)
        yield label + n
        yield from tree(n - 1, label)


def many_times(function):
    for turn in range(12):
        result = function()
    return result


print(many_times(lambda: sum(count(20))))
print(many_times(lambda: list(squares(range(6)))))
# Other types come by, while some generators are suspended.
old = squares(range(100))
print([next(old) for _ in range(5)])
print(list(squares([1.5, 2, True, 10**30])))
print([next(old) for _ in range(5)])
try:
    list(squares(["a"]))
except TypeError as error:
    print(error)
print(many_times(lambda: list(tree(3, 0))))
print(list(tree(2, 0.5)))


# Values on the stack while suspended.
def on_stack(n):
    total = []
    for i in range(n):
        total.append([i, (yield i), i + 1])
        text = f"{i}:{(yield -i)}:{i * 2}"
        total.append(text)
    return total


def drive(generator, values):
    got = [next(generator)]
    try:
        for value in values:
            got.append(generator.send(value))
    except StopIteration as stop:
        got.append(stop.value)
    return got


print(many_times(lambda: drive(on_stack(3), "abcdefgh")))


class Context:
    def __init__(self, log, swallows=False):
        self.log = log
        self.swallows = swallows

    def __enter__(self):
        self.log.append("enter")
        return self

    def __exit__(self, kind, error, traceback):
        self.log.append(f"exit {kind.__name__ if kind else None}")
        return self.swallows


def guarded(log, n):
    try:
        for i in range(n):
            try:
                with Context(log):
                    got = yield i
                    log.append(got)
            except ValueError as error:
                log.append(f"caught {error}")
                yield "in handler"
            else:
                log.append("else")
    finally:
        log.append("finally")


def through_guarded():
    log = []
    generator = guarded(log, 10)
    out = [next(generator), generator.send("sent"), generator.throw(ValueError("thrown")), next(generator), next(generator)]
    try:
        out.append(generator.throw(KeyError("other")))
    except KeyError as error:
        out.append(repr(error))
    out.append(next(generator, "ended"))
    return out, log


print(many_times(through_guarded))


def closed():
    log = []
    generator = guarded(log, 10)
    next(generator)
    next(generator)
    generator.close()
    return log


print(many_times(closed))


def swallowing(log):
    while True:
        with Context(log, swallows=True):
            value = yield len(log)
            if value == "stop":
                return "stopped"
            raise RuntimeError(value)


def through_swallowing():
    log = []
    generator = swallowing(log)
    return drive(generator, ["a", "b", "stop"]), log


print(many_times(through_swallowing))


# Raising in the generator itself, in a loop.
def raising(n):
    for i in range(n):
        try:
            if i % 3 == 2:
                raise ValueError(i)
            yield i
        except ValueError as error:
            yield ("handled", error.args, sys.exception() is error)


print(many_times(lambda: list(raising(9))))


# What is being handled belongs to the generator.
def handles():
    try:
        1 / 0
    except ZeroDivisionError:
        yield sys.exception()
        yield sys.exception()
    yield sys.exception()


def handled_apart():
    out = []
    generator = handles()
    out.append(repr(next(generator)))
    try:
        raise KeyError("outer")
    except KeyError:
        out.append(repr(next(generator)))
        out.append(repr(sys.exception()))
        out.append(repr(next(generator)))
    out.append(sys.exception())
    return out


print(many_times(handled_apart))


# Looking at suspended generators.
def looked_at(a, b=2):
    c = [a]
    d = {"x": (yield c)}
    del b
    e = yield from inner_of(a)
    yield (c, d, e)


def inner_of(a):
    x = yield a
    return x


def look():
    generator = looked_at("A")
    seen = [inspect.getgeneratorstate(generator)]
    next(generator)
    seen.append(sorted(generator.gi_frame.f_locals.items(), key=str))
    generator.send("first")
    seen.append(sorted(generator.gi_frame.f_locals, key=str))
    inner = generator.gi_yieldfrom
    seen.append((inner.__name__, inner.gi_frame.f_locals, inner.gi_frame.f_lineno - inner.gi_code.co_firstlineno))
    seen.append((generator.gi_frame.f_lineno - generator.gi_code.co_firstlineno, generator.gi_running, generator.gi_suspended))
    generator.gi_frame.f_locals["a"] = "changed"
    seen.append(generator.send("second"))
    seen.append(inspect.getgeneratorlocals(generator)["a"])
    seen.append(list(generator))
    seen.append((generator.gi_frame, generator.gi_yieldfrom, inspect.getgeneratorstate(generator)))
    return seen


print(many_times(look))


# Collected while suspended; part of a cycle.
class Node:
    pass


def holds(node):
    node.generator = sys_generator
    for i in range(5):
        yield node


sys_generator = None


def cycle():
    global sys_generator
    node = Node()
    sys_generator = holds(node)
    next(sys_generator)
    next(sys_generator)
    reference = weakref.ref(node)
    sys_generator = None
    del node
    gc.collect()
    return reference() is None


print(many_times(cycle))


# Finally runs when a suspended generator dies.
def dies(log):
    try:
        while True:
            yield log
    finally:
        log.append("died")


def dying():
    log = []
    generator = dies(log)
    next(generator)
    next(generator)
    del generator
    return log


print(many_times(dying))


# Tracing begins while suspended.
def traced(n):
    for i in range(n):
        yield i


def trace():
    events = []
    generator = traced(6)
    got = [next(generator), next(generator)]

    def tracer(frame, event, argument):
        if frame.f_code.co_name == "traced":
            events.append((event, frame.f_lineno - frame.f_code.co_firstlineno, argument))
            return tracer
        return None

    sys.settrace(tracer)
    got.append(next(generator))
    sys.settrace(None)
    got.extend(generator)
    return got, events


print(many_times(trace))


# Recursion through generators.
def nested(n):
    if n:
        yield from nested(n - 1)
    yield n


def nested_by_loops(n):
    if n:
        for x in nested_by_loops(n - 1):
            yield x
    yield n


print(many_times(lambda: sum(nested(50))), many_times(lambda: sum(nested_by_loops(50))))


def endless(n):
    yield next(endless(n + 1))


def too_deep():
    try:
        next(endless(0))
    except RecursionError as error:
        return str(error)


print(too_deep(), too_deep())


def running_twice():
    def generator():
        try:
            next(itself)
        except ValueError as error:
            yield str(error)
        try:
            itself.send(1)
        except ValueError as error:
            yield str(error)

    itself = generator()
    return list(itself)


print(many_times(running_twice))


# Cells and free variables.
def closures(n):
    for i in range(n):
        def get():
            return i, offset
        offset = yield get


def with_closures():
    generator = closures(4)
    get = next(generator)
    out = []
    for value in "abc":
        later = generator.send(value)
        out.append(get())
        get = later
    return out


print(many_times(with_closures))
print(many_times(lambda: [list((x, y) for y in range(x)) for x in range(4)]))
print(many_times(lambda: dict(zip("abc", (c.upper() for c in "abc")))))


# A handler that yields, nested in a loop that raises and goes on.
def retrying(actions):
    for action in actions:
        for attempt in range(3):
            try:
                yield action(attempt)
                break
            except LookupError as error:
                yield f"again: {error!r}"
        else:
            yield "gave up"
    return "done"


def retry():
    def fails(attempt):
        raise IndexError(attempt)

    def second(attempt):
        if attempt == 0:
            raise KeyError("no")
        return attempt

    generator = retrying([second, fails, int])
    result = []
    try:
        while True:
            result.append(next(generator))
    except StopIteration as stop:
        result.append(stop.value)
    return result


print(many_times(retry))


# StopIteration must not leave.
def leaks():
    yield 1
    next(iter(()))


def leaking():
    try:
        return list(leaks())
    except RuntimeError as error:
        return str(error), repr(error.__cause__)


print(many_times(leaking))


# Delegating to what is no generator.
class Delegate:
    def __init__(self, log):
        self.log = log

    def __iter__(self):
        return self

    def __next__(self):
        return "next"

    def send(self, value):
        if value == "end":
            raise StopIteration("result")
        return value

    def throw(self, error):
        self.log.append(repr(error))
        return "thrown"

    def close(self):
        self.log.append("closed")


def delegating(log):
    got = yield from Delegate(log)
    yield got
    yield from [1, 2]
    yield from "ab"
    yield from Delegate(log)


def through_delegates():
    log = []
    generator = delegating(log)
    out = [next(generator), generator.send("sent"), generator.throw(OSError("o")), generator.send("end"), next(generator), next(generator)]
    out += [next(generator), next(generator), next(generator)]
    generator.close()
    return out, log


print(many_times(through_delegates))


# Many locals and a deep stack.
def wide(a, b, c, d, e, f, g, h):
    i = yield (a, b, c, d, [e, f, g, h, (yield a + h), (yield b + g), {(yield c): (yield d)}])
    j, *k = i
    yield j, k, a, b, c, d, e, f, g, h


print(many_times(lambda: drive(wide(1, 2.0, 3, 4, 5, 6, 7.5, 8), ["p", "q", "r", "s", (1, 2, 3), None])))


def unreachable_yield():
    for i in range(3):
        try:
            continue
        finally:
            yield i


print([list(unreachable_yield()) for i in range(20)][-1])
