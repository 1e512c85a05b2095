"""Decorators of functions, methods and classes."""
import functools


def trace(prefix):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            print(prefix, function.__name__, args, kwargs)
            return function(*args, **kwargs)
        return wrapper
    return decorate


@trace("outer")
@trace("inner")
def add(a, b=1):
    "Adds."
    return a + b


print(add(2, b=3), add.__name__, add.__doc__, add.__wrapped__.__wrapped__(1))


def register(cls):
    registry.append(cls.__name__)
    return cls


registry = []


@register
class One:
    @property
    def value(self):
        "The value."
        return self._value

    @value.setter
    def value(self, value):
        self._value = value * 2

    @value.deleter
    def value(self):
        print("deleting")
        del self._value

    @functools.cached_property
    def costly(self):
        print("computing")
        return 42

    @functools.singledispatchmethod
    def show(self, arg): return f"any {arg}"
    @show.register
    def _(self, arg: int): return f"int {arg}"


one = One()
one.value = 4
print(registry, one.value, One.value.__doc__, one.costly, one.costly, one.show("a"), one.show(1))
del one.value
try:
    one.value
except AttributeError as error:
    print(error)


class ReadOnly:
    x = property(lambda self: 1)


try:
    ReadOnly().x = 2
except AttributeError as error:
    print(error)
table = [lambda f: lambda: f() + 1]
@table[0]
def start(): return 1
print(start())
