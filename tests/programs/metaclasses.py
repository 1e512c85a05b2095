"""Metaclasses, __init_subclass__, __prepare__, __class_getitem__, abstract classes."""
import abc


class Meta(type):
    @classmethod
    def __prepare__(mcls, name, bases, **keywords):
        print("prepare", name, keywords)
        return {"injected": 1}

    def __new__(mcls, name, bases, namespace, **keywords):
        return super().__new__(mcls, name, bases, {k: v for k, v in namespace.items() if k != "hidden"})

    def __init__(cls, name, bases, namespace, **keywords):
        super().__init__(name, bases, namespace)
        cls.keywords = keywords

    def __call__(cls, *args):
        print("call", cls.__name__, args)
        return super().__call__(*args)

    def __instancecheck__(cls, instance): return instance == "magic" or super().__instancecheck__(instance)
    def __len__(cls): return 3
    @property
    def from_meta(cls): return f"meta of {cls.__name__}"


class Base(metaclass=Meta, flag=True):
    hidden = 5
    def __init__(self, x): self.x = x


b = Base(1)
print(b.x, Base.keywords, Base.injected, hasattr(Base, "hidden"), isinstance("magic", Base), len(Base), Base.from_meta)


class Plugin:
    plugins = []
    def __init_subclass__(cls, /, key=None, **more):
        super().__init_subclass__(**more)
        cls.plugins.append((cls.__name__, key))
    def __class_getitem__(cls, item): return f"{cls.__name__}[{item}]"


class First(Plugin, key="one"): pass
class Second(First): pass
print(Plugin.plugins, Plugin[int, "x"])


class Abstract(abc.ABC):
    @abc.abstractmethod
    def run(self): ...
    @property
    @abc.abstractmethod
    def size(self): ...


for cls in Abstract, type("Half", (Abstract,), {"run": None}):
    try:
        cls()
    except TypeError as error:
        print(error)


class M2(type): pass
try:
    class Conflict(Base, metaclass=M2): pass
except TypeError as error:
    print(error)
Dynamic = type("Dynamic", (list,), {"double": lambda self: self * 2, "__doc__": "made"})
print(Dynamic([1]).double(), Dynamic.__doc__, Dynamic.__mro__)
