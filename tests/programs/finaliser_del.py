"""Finalisers run at once when the last reference goes: del, reassignment, return, expression end."""


class Noisy:
    def __init__(self, name): self.name = name
    def __del__(self): print("del", self.name)


x = Noisy("deleted")
print("before del")
del x
print("after del")
x = Noisy("first")
print("before rebinding")
x = Noisy("second")
print("after rebinding")
x = None
print("after None")


def local():
    y = Noisy("local")
    z = Noisy("returned")
    print("returning")
    return z


print("call")
result = local()
print("returned")
local()
print("result dropped")
result = Noisy("replaces")
print("replaced")
Noisy("temporary")
print("after temporary")
Noisy("attribute").name
print("after attribute")
print(Noisy("argument").name)
print("after argument")
a = b = Noisy("shared")
del a
print("one reference left")
b = 5
print("none left")


def arguments(n, m):
    n = None
    print("argument rebound")
    del m
    print("argument deleted")


arguments(Noisy("n"), Noisy("m"))
[Noisy("list display"), 1]
print("after list")
Noisy("left") == Noisy("right")
print("after comparison")
if Noisy("condition"):
    print("in if")
for i in [Noisy("loop")]:
    print("in loop")
print("after loop")
del i
print("loop variable gone")
_, keep = Noisy("unpacked"), 1
_ = None
print("end")
