"""Functions: every kind of parameter, and the messages when a call is wrong."""


def f(a, b=2, /, c=3, *rest, d, e=5, **more):
    return a, b, c, rest, d, e, more


print(f(1, d=4))
print(f(1, 2, 3, 4, 5, d=6, g=7))
print(f(*[1, 2], **{"d": 0, "a": "extra"}))


def g(a, b, *, c): return a + b + c


def attempt(call):
    try:
        print(call())
    except TypeError as error:
        print(error)


attempt(lambda: g())
attempt(lambda: g(1))
attempt(lambda: g(1, 2))
attempt(lambda: g(1, 2, 3))
attempt(lambda: g(1, 2, c=3, d=4))
attempt(lambda: g(1, a=1, c=2))
attempt(lambda: f(1, b=3, d=1, x=9))
attempt(lambda: g(*5))
attempt(lambda: g(**{1: 2}))
attempt(lambda: (lambda x, /: x)(x=1))
attempt(lambda: len())
attempt(lambda: len(1, 2))
attempt(lambda: [].append(1, 2))
attempt(lambda: "".join(1))
five = 5
attempt(lambda: five())
print(f.__defaults__, f.__kwdefaults__, f.__name__, g.__qualname__)


def documented(x: int = 1) -> str:
    "What it does."


print(documented.__doc__, documented.__annotations__, documented())
documented.attribute = [1]
print(documented.__dict__)
print((lambda *a, **k: (a, k))(1, x=2))
