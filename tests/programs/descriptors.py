"""Descriptors, slots, and the order of attribute lookup."""


class Typed:
    def __init__(self, kind): self.kind = kind
    def __set_name__(self, owner, name): self.name = name; print("named", owner.__name__, name)
    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        return instance.__dict__.get(self.name, "unset")
    def __set__(self, instance, value):
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.name} must be {self.kind.__name__}")
        instance.__dict__[self.name] = value
    def __delete__(self, instance): del instance.__dict__[self.name]


class NonData:
    def __get__(self, instance, owner): return "non-data"


class Holder:
    number = Typed(int)
    soft = NonData()
    def __getattr__(self, name):
        if name.startswith("dyn_"):
            return name[4:]
        raise AttributeError(name)


h = Holder()
print(h.number, h.soft, h.dyn_x)
h.number = 5
h.__dict__["soft"] = "instance"
print(h.number, h.soft, isinstance(Holder.number, Typed))
try:
    h.number = "x"
except TypeError as error:
    print(error)
del h.number
print(h.number)


class Slots:
    __slots__ = ("a", "b")


s = Slots()
s.a = 1
for action in (lambda: s.b, lambda: setattr(s, "c", 1), lambda: s.__dict__):
    try:
        action()
    except AttributeError as error:
        print(error)
print(Slots.a, type(Slots.a).__name__)


class Intercept:
    def __getattribute__(self, name):
        return f"intercepted {name}" if not name.startswith("__") else super().__getattribute__(name)
    def __setattr__(self, name, value): print("set", name, value)
    def __delattr__(self, name): print("del", name)


i = Intercept()
i.x = 1
del i.x
print(i.anything, type(i).__name__)
