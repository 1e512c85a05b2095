"""pickle and copy."""
import copy
import pickle
from collections import OrderedDict, namedtuple


class Plain:
    def __init__(self, x): self.x = x
    def __eq__(self, o): return type(o) is type(self) and vars(o) == vars(self)


class State:
    def __init__(self): self.a, self.secret = 1, "s"
    def __getstate__(self): return {"a": self.a}
    def __setstate__(self, state): self.a = state["a"] + 10


class Reduced:
    def __reduce__(self): return (Plain, (99,))


class Slots:
    __slots__ = ("p", "q")


class NewArgs(tuple):
    def __new__(cls, a, b): return super().__new__(cls, (a, b))
    def __getnewargs__(self): return tuple(self)


P = namedtuple("P", "a b")
values = [None, True, 5, -2 ** 70, 1.5, 1j, "té", b"\x00b", bytearray(b"ba"), [1, [2]], (1, (2,)), {"k": {1, 2}}, frozenset([1]), range(5), slice(1, 2), ..., Plain([1]), P(1, 2), OrderedDict(a=1), len, int, ValueError("v"), NewArgs(1, 2), 10 ** 40]
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    back = [pickle.loads(pickle.dumps(v, protocol)) for v in values]
    print(protocol, [a for a, b in zip(values, back) if a != b and not isinstance(a, ValueError)])
print(pickle.dumps([1, "a", {"b": 2.5}], 4), pickle.dumps((None, "x"), 0))
print(pickle.loads(pickle.dumps(State())).a, pickle.loads(pickle.dumps(Reduced())).x)
shared = [1]
loop = [shared, shared]
loop.append(loop)
back = pickle.loads(pickle.dumps(loop))
print(back[0] is back[1], back[2] is back)
s = Slots(); s.p = 1
print(pickle.loads(pickle.dumps(s)).p, hasattr(pickle.loads(pickle.dumps(s)), "q"))
for bad in (lambda: pickle.dumps(lambda: 1), lambda: pickle.loads(b"junk"), lambda: pickle.loads(b""), lambda: pickle.dumps((x for x in ())), lambda: pickle.loads(pickle.dumps(1)[:-1])):
    try:
        bad()
    except Exception as error:
        print(type(error).__name__, str(error).split(" at 0x")[0])
shallow, deep = copy.copy(loop), copy.deepcopy(loop)
print(shallow[0] is shared, deep[0] is shared, deep[0] is deep[1], deep[2] is deep, copy.copy(Plain(1)) == Plain(1), copy.deepcopy({"a": [Plain([])]})["a"][0].x, copy.replace(P(1, 2), b=3))


class Copied:
    def __copy__(self): return "copied"
    def __deepcopy__(self, memo): return "deep"


print(copy.copy(Copied()), copy.deepcopy([Copied()]))
import pickletools
print(pickletools.optimize(pickle.dumps("x", 4)))
