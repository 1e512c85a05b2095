"""Operator overloading: binary, reflected, in-place, comparison, containment, indexing, conversion."""


class V:
    def __init__(self, *v): self.v = v
    def __repr__(self): return f"V{self.v}"
    def __add__(self, o): return V(*(a + b for a, b in zip(self.v, o.v))) if isinstance(o, V) else NotImplemented
    def __radd__(self, o): return f"radd {o}"
    def __mul__(self, k): return V(*(a * k for a in self.v))
    __rmul__ = __mul__
    def __matmul__(self, o): return sum(a * b for a, b in zip(self.v, o.v))
    def __neg__(self): return self * -1
    def __abs__(self): return sum(a * a for a in self.v) ** 0.5
    def __bool__(self): return any(self.v)
    def __len__(self): return len(self.v)
    def __getitem__(self, i): return self.v[i]
    def __contains__(self, x): return x in self.v
    def __eq__(self, o): return self.v == o.v if isinstance(o, V) else NotImplemented
    def __lt__(self, o): return abs(self) < abs(o)
    def __call__(self, x): return x * 2
    def __iadd__(self, o): self.v += o.v; return self
    def __index__(self): return 3
    def __int__(self): return 7
    def __float__(self): return 1.5
    def __round__(self, n=None): return f"round {n}"
    def __divmod__(self, o): return "divmod"
    def __pow__(self, e, m=None): return f"pow {e} {m}"
    def __rshift__(self, o): return "rshift"
    def __invert__(self): return "invert"


a, b = V(1, 2), V(3, 4)
print(a + b, 5 + a, a * 3, 3 * a, a @ b, -a, abs(b), bool(V(0)), len(a), a[0], a[-1:], 2 in a, list(a))
print(a == V(1, 2), a != b, a < b, a > b, a(4), [10, 20, 30, 40][a], int(a), float(a), round(a), round(a, 2), divmod(a, 1), a ** 2, pow(a, 2, 5), a >> 1, ~a, hex(a), range(5)[a], "x" * a)
same = a
a += b
print(a, same is a)
for bad in ("a + 1", "a - b", "a <= b", "a & 1", "1 @ 2", "a % 2", "+a", "a[9]", "del a[0]" if False else "a // b", "None + 1", "[] - []", "{} | 5", "'a' % {}", "object() < object()", "() + 1", "1 < None", "len(5)", "5[0]", "5 in 5", "None()", "None.x", "[1] * 1.5", "1j > 2"):
    try:
        print(bad, eval(bad))
    except Exception as error:
        print(bad, type(error).__name__, error)


class Base:
    def __add__(self, o): return "Base.__add__"
    def __radd__(self, o): return "Base.__radd__"
class Derived(Base):
    def __radd__(self, o): return "Derived.__radd__"


print(Base() + Derived(), Base() + Base(), Derived() + Base(), 1 + Base())
class Odd:
    def __len__(self): return -1
    def __bool__(self): return 5
    def __hash__(self): return "x"
    def __str__(self): return 5
    def __index__(self): return "x"
    def __iter__(self): return 5
    def __contains__(self, x): return "yes"
for call in (len, bool, hash, str, iter, bin, [].__getitem__):
    try:
        call(Odd())
    except (TypeError, ValueError) as error:
        print(error)
print(1 in Odd(), 1 < 2 < 3, 1 < 3 > 2, not 1 == 2, 1 if [] else 2, [] or "or", 0 and "and", 5 is 5 if False else None is None)
class Seq:
    def __getitem__(self, i):
        if i > 3: raise IndexError
        return i * i
print(list(Seq()), 4 in Seq(), 5 in Seq(), list(reversed(type("R", (Seq,), {"__len__": lambda s: 4})())), [*Seq()])
