"""Cycles are collected by gc.collect, finalisers once each, weak references cleared."""
import gc
import weakref

gc.disable()


class Node:
    def __init__(self, name): self.name = name; self.other = None
    def __del__(self): print("del", self.name)


a, b = Node("a"), Node("b")
a.other, b.other = b, a
ref = weakref.ref(a)
del a, b
print("unreachable", ref() is not None)
found = gc.collect()
print("collected", found > 0, ref())
me = Node("self")
me.other = me
weak = weakref.ref(me, lambda r: print("callback", r() is None))
del me
gc.collect()
print("self cycle gone")
saved = []


class Phoenix:
    def __del__(self):
        print("phoenix")
        saved.append(self)


p = Phoenix()
p.me = p
del p
gc.collect()
print(len(saved), saved[0].me is saved[0])
saved.clear()
gc.collect()
print("second collection is silent")


def function_cycle():
    def inner(): return inner
    n = Node("in closure")
    inner.n = n


function_cycle()
gc.collect()
try:
    raise ValueError
except ValueError as error:
    error.me = error
    error.node = Node("on exception")
gc.collect()
print("exception cycle gone")


def suspended():
    n = Node("in generator")
    me = yield
    yield me


g = suspended()
next(g)
g.send(g)
del g
gc.collect()
print("generator cycle gone")


class C:
    pass


C.node = Node("on class")
C.me = C
del C
gc.collect()
print("class gone", gc.isenabled(), gc.garbage)
gc.enable()
for i in range(20000):
    l = []
    l.append(l)
print("automatic collection kept up")
