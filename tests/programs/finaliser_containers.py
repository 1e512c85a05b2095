"""Finalisers of what containers held: item replaced, cleared, popped, container dropped."""


class Noisy:
    def __init__(self, name): self.name = name
    def __del__(self): print("del", self.name)
    def __repr__(self): return self.name


items = [Noisy(n) for n in "abcdef"]
items[0] = 1
print("item replaced")
del items[1]
print("item deleted")
items.pop()
print("popped and dropped")
items.remove(items[1])
print("removed")
items[1:3] = []
print("slice cleared", items)
items.append(Noisy("last"))
items.clear()
print("cleared")
items = [Noisy(n) for n in "pqr"]
del items
print("list dropped")
table = {"x": Noisy("x"), "y": Noisy("y"), Noisy("key"): 1}
table["x"] = None
print("value replaced")
del table["y"]
print("key deleted")
table.clear()
print("table cleared")
t = (Noisy("t1"), Noisy("t2"))
t = None
print("tuple dropped")
s = {Noisy("in set")}
s.pop()
print("set popped")
nested = [[Noisy("deep")], {"k": (Noisy("deeper"),)}]
nested.pop()
print("inner dict dropped")
nested = 0
print("outer dropped")


class Holder:
    pass


h = Holder()
h.a, h.b = Noisy("attribute a"), Noisy("attribute b")
h.a = 1
print("attribute overwritten")
del h.b
print("attribute deleted")
h.c = Noisy("attribute c")
h = None
print("holder dropped")
d = {1: Noisy("old")}
d.update({1: Noisy("new")})
print("updated")
d.setdefault(2, Noisy("two"))
d |= {2: Noisy("zwei")}
print("merged")
d = 0
from collections import deque
q = deque([Noisy("left"), Noisy("right")], maxlen=2)
q.append(Noisy("pushed"))
print("pushed out")
q.clear()
print("end")
