# Generators that are dropped or closed while they wait: what of their code runs, what their locals do, what others see.
import sys


class Loud:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("end of", self.name)


def plain(name):
    loud = Loud(name)
    yield loud.name
    print("not reached")


def guarded(name):
    loud = Loud(name)
    try:
        yield loud.name
    finally:
        print("finally", name)


def caught(name):
    try:
        yield name
    except GeneratorExit:
        print("caught", name)
        return "value"


def stubborn():
    try:
        yield 1
    except GeneratorExit:
        yield 2


def with_block(name):
    with Context(name):
        yield name


class Context:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        print("exit", self.name, kind and kind.__name__)


def delegating(name):
    inner = guarded(name)
    yield from inner


def handling():
    try:
        1 / 0
    except ZeroDivisionError:
        loud = Loud("handling")
        yield sys.exc_info()[0].__name__


def started(generator):
    return generator, next(generator)


for make in (plain, guarded, caught, with_block, delegating):
    print("--", make.__name__)
    generator, value = started(make("dropped"))
    del generator
    generator, value = started(make("closed"))
    print(generator.close(), generator.gi_frame, generator.gi_suspended, list(generator))
    print(generator.close())
    generator, value = started(make("kept"))
    frame = generator.gi_frame
    generator.close()
    print(sorted(frame.f_locals), frame.f_lineno - make.__code__.co_firstlineno)
    del frame, generator

print("-- handling")
generator, value = started(handling())
print(value, sys.exception())
del generator
print("-- stubborn")
generator, value = started(stubborn())
try:
    generator.close()
except RuntimeError as error:
    print(error)
print("-- expressions")
print(any(x > 1 for x in [Loud("a").name and 1, 2, 3]))
expression = (Loud(str(x)) for x in range(3))
print(next(expression).name)
del expression
print("-- throw")
generator, value = started(plain("thrown"))
try:
    generator.throw(GeneratorExit)
except GeneratorExit:
    print("left")
print("-- traced")
events = []


def trace(frame, event, argument):
    if frame.f_code is plain.__code__:
        events.append((event, argument[0].__name__ if event == "exception" else argument))
    return trace


generator, value = started(plain("traced"))
sys.settrace(trace)
generator.close()
sys.settrace(None)
print(events)
