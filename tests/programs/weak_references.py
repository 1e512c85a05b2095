"""Weak references, proxies, dictionaries and callbacks."""
import weakref


class Thing:
    def __init__(self, name): self.name = name
    def __del__(self): print("del", self.name)
    def __repr__(self): return f"Thing({self.name})"
    def method(self): return f"method of {self.name}"


t = Thing("a")
r = weakref.ref(t, lambda ref: print("callback 1", ref()))
r2 = weakref.ref(t, lambda ref: print("callback 2", ref()))
p = weakref.proxy(t)
print(r(), r is weakref.ref(t), weakref.ref(t) is weakref.ref(t), p.name, weakref.getweakrefcount(t))
p.name = "renamed"
print(t.name, hash(r) == hash(t), r == r2)
del t
print("gone", r(), r == r2, r2() is None)
try:
    p.name
except ReferenceError as error:
    print(error)
values = weakref.WeakValueDictionary()
keys = weakref.WeakKeyDictionary()
group = weakref.WeakSet()
x, y = Thing("x"), Thing("y")
values["x"], values["y"] = x, y
keys[x] = "data"
group.add(x); group.add(y)
print(sorted(values), dict(keys), len(group))
del x
print(sorted(values), dict(keys), len(group))
m = weakref.WeakMethod(y.method)
print(m()())
f = weakref.finalize(y, print, "finalizer", "args", sep="|")
print(f.alive)
y = None
print(f.alive, m(), f())
for wrong in 5, "text", (1,), None:
    try:
        weakref.ref(wrong)
    except TypeError as error:
        print(error)


class Slotted:
    __slots__ = ("a",)


class SlottedWeak:
    __slots__ = ("a", "__weakref__")


try:
    weakref.ref(Slotted())
except TypeError as error:
    print(error)
print(weakref.ref(SlottedWeak())() is None, weakref.ref(Thing) and True, weakref.ref(print)() is print, weakref.ref({1})() is None)
def bad(ref): raise ValueError("callback fails")
import sys
sys.unraisablehook = lambda u: print("unraisable", u.exc_value)
z = Thing("z")
r = weakref.ref(z, bad)
z = None
print("end")
