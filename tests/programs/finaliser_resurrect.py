"""Resurrection, finalisers that fail, and finalisers that make garbage."""
import sys

graveyard = []


class Zombie:
    def __init__(self, name): self.name = name
    def __del__(self):
        print("dying", self.name)
        graveyard.append(self)


z = Zombie("z")
del z
print([g.name for g in graveyard])
graveyard.clear()
print("a second death is silent", graveyard)


class Failing:
    def __del__(self): raise ValueError("in finaliser")


def hook(unraisable):
    print("unraisable", type(unraisable.exc_value).__name__, unraisable.exc_value, getattr(unraisable.object, '__qualname__', None))


sys.unraisablehook = hook
Failing()
print("went on")


class Chain:
    def __init__(self, n): self.n = n
    def __del__(self):
        print("chain", self.n)
        if self.n:
            Chain(self.n - 1)
            print("back in", self.n)


Chain(3)


class Node:
    def __init__(self, name, child=None): self.name, self.child = name, child
    def __del__(self): print("node", self.name, "child", self.child and self.child.name)


n = Node("a", Node("b", Node("c")))
n = None
print("list of nodes gone")


class InDel:
    def __del__(self):
        global x
        x = "set by the finaliser"


x = InDel()
x = "assigned"
print(x)


class Deep:
    def __init__(self, inner): self.inner = inner


deep = None
for i in range(200000):
    deep = Deep(deep)
deep = None
chain = []
for i in range(200000):
    chain = [chain]
del chain
print("deep structures gone")


class Local:
    def __del__(self):
        try:
            {}["missing"]
        except KeyError as error:
            print("handled inside", error)


try:
    raise RuntimeError("outer")
except RuntimeError as error:
    Local()
    print("outer is still", sys.exc_info()[1])
