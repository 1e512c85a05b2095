"""Classes derived from builtin types."""


class L(list):
    def append(self, x): super().append(x * 2)
class D(dict):
    def __getitem__(self, k): return f"<{super().__getitem__(k)}>"
class I(int):
    def __new__(cls, x, unit="m"): self = super().__new__(cls, x); self.unit = unit; return self
    def __add__(self, o): return I(int(self) + o, self.unit)
    def __repr__(self): return f"{int(self)}{self.unit}"
class S(str):
    def upper(self): return S("upper:" + super().upper())
class T(tuple):
    def __new__(cls, *a): return super().__new__(cls, a)
    @property
    def first(self): return self[0]
class F(float): pass
class E(ValueError):
    def __init__(self, code, *rest): super().__init__(code, *rest); self.code = code
    def __str__(self): return f"code {self.code}"


l = L([1]); l.append(2); l += [3]; l.x = 1
print(l, type(l[:]), l.x, l == [1, 4, 3], type(l + []), type(l.copy()), isinstance(l, list))
d = D(a=1)
print(d["a"], d.get("a"), d, dict(d), {**d}, list(d.values()), "%(a)s" % d)
i = I(5, "cm")
print(i, i + 1, (i + 1).unit, i * 2, type(i * 2), i == 5, hash(i) == 5, [0] * i, {5: "x"}[i], f"{i}", int.__repr__(i), -i, I(True))
s = S("abc")
print(s.upper(), type(s.upper()), type(s.lower()), s + "d", type(s[0]), {"abc": 1}[s], s is str(s), type(str(s)), "".join([s, "x"]), s == "abc")
t = T(1, 2)
print(t, t.first, t + (3,), type(t[:]), type(t * 1), t == (1, 2), T(), F(1.5) + 1, type(F(2) * 2), F("nan") != F("nan"))
try:
    raise E(5, "more")
except ValueError as e:
    print(e, repr(e), e.args, e.code)
for base in bool, type(None), type(...), range, slice, type(lambda: 0), type(i for i in ()), memoryview:
    try:
        type("X", (base,), {})
        print("subclassed", base.__name__)
    except TypeError as error:
        print(error)
try:
    class X(int, str): pass
except TypeError as error:
    print(error)
try:
    class Y(int):
        __slots__ = ("a",)
except TypeError as error:
    print(error)
class B(bytes): pass
class FS(frozenset): pass
print(B(b"x") + b"y", type(B(b"x")[:1]), FS([1]) | {2}, type(FS([1]) | {2}), FS([1]) == {1}, complex.__new__(type("C", (complex,), {}), 1, 2))
class ListInit(list):
    def __init__(self, n): super().__init__(range(n))
print(ListInit(3), [].__class__ is list, ListInit.__base__, list.__subclasses__().count(ListInit), super(ListInit, ListInit(2)).__len__())
