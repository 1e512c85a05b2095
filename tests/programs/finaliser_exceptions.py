"""Finalisers of locals that an exception or a generator's end releases."""


class Noisy:
    def __init__(self, name): self.name = name
    def __del__(self): print("del", self.name)


def fails():
    x = Noisy("in failing frame")
    raise ValueError("failed")


try:
    fails()
except ValueError:
    print("handling")
print("handled")

try:
    fails()
except ValueError as error:
    kept = error
    print("kept")
print("still kept")
del kept
print("exception dropped")


def swallow():
    try:
        fails()
    except ValueError:
        pass
    print("still in swallow")


swallow()
print("out of swallow")


def generate():
    x = Noisy("generator local")
    try:
        yield 1
        yield 2
    finally:
        print("generator closes")


g = generate()
next(g)
print("suspended")
del g
print("generator dropped")
for n in generate():
    break
print("loop left")
g = generate()
print(list(g))
print("exhausted")
g = None


class Failing:
    def __init__(self):
        self.part = Noisy("part of unfinished object")
        raise TypeError("no object")


try:
    Failing()
except TypeError as error:
    print(error)
print("after failing constructor")


def with_finally():
    try:
        y = Noisy("in try")
        return 1
    finally:
        print("finally")


print(with_finally())


class Manager:
    def __enter__(self): return Noisy("managed")
    def __exit__(self, *args): print("exit")


with Manager():
    print("body")
with Manager() as m:
    print("body")
m = None
print("end")
