# Methods that loop over lists, tuples and dicts themselves, and what Python code called on the way may change.
from itertools import chain, combinations, product
import pickle


class Meddler:
    def __init__(self, name, action):
        self.name, self.action = name, action

    def __hash__(self):
        self.action()
        return 1

    def __eq__(self, other):
        self.action()
        return self is other

    def __repr__(self):
        return self.name


# A list that changes while a set takes its items.
items = []
items += [Meddler("a", lambda: len(items) < 5 and items.append(7)), 1, 2]
print(len(set(items)), items[1:])
items = [Meddler("b", lambda: items.clear()), 1, 2]
print(set(items), items)
grown = {1, 2}
grown.update((3, 2, 4), [5, 1], {6: 0}, {7}, "ab", iter([8]))
print(sorted(map(str, grown)))
for bad in [[1, []], (1, {}), [1, {2}]]:
    try:
        set(bad)
    except TypeError as error:
        print(error)

# Sets that grow where a key was looked for, with keys that only __eq__ can tell apart.
quiet = [Meddler(f"q{n}", lambda: None) for n in range(20)]
members = set(quiet)
print(len(members), len(members | set(range(40))), all(key in members for key in quiet), len(members - set(quiet[:5])))
one = set(range(100))
for n in range(0, 100, 3):
    one.discard(n)
print(len(one | set(range(50))), len(one & set(range(50))), sorted(one - set(range(95))), one.copy() == one, len(one.copy()))
print(frozenset(one) == one, set(one) ^ one, len(set().union(one, one)))

# Lists of views.
d = {"x": 1, "y": 2, "z": 3}
del d["y"]
print(list(d.items()), list(d.keys()), [*d.values()], tuple(d.items()), [0, *d.items()], list({}.items()))
more = [0]
more.extend(d.values())
more += d.keys()
more[1:1] = d.items()
print(more)

# chain takes lists and tuples apart as they are when it comes to them.
first = [1, 2]
link = chain(first, (3, 4), iter([5]), "67", [], (), [8])
print(next(link), next(link))
first.append(9)
print(next(link), list(link), list(link))
growing = [1]
print([growing.append(n + 1) or n for n in chain(growing) if n < 5])
failing = chain([1], 2, [3])
print(next(failing))
for _ in range(2):
    try:
        print(next(failing))
    except (TypeError, StopIteration) as error:
        print(type(error).__name__, error)


class Listed(list):
    def __iter__(self):
        return iter(["own"])


print(list(chain(Listed([1, 2]))), list(chain.from_iterable([Listed([1]), [2], range(2), (n for n in "g")])))
print(list(product("ab", [1, 2])), list(product()), list(product([], [1])), list(combinations("abc", 2)))

# Strings that differ at the start, in the middle, at the end, of all short lengths; joined and looked up.
words = {("x" * n)[:i] + "y" + ("x" * n)[i + 1 :] for n in range(20) for i in range(n)}
print(len(words), all(word in words for word in list(words)), "x" * 7 in words, len("-".join(sorted(words))), "".join(["a", "bc", "é", "日本", ""]))
for bad in [["a", 1], ("a", "b", None), ["a", b"b"]]:
    try:
        print(" ".join(bad))
    except TypeError as error:
        print(error)

# Pickles whose parts are not where they should be.
for data in [b"(s.", b"}(K\x01u.", b"}K\x01s.", b"](K\x01K\x02e.", b"K\x01a.", b"(K\x01a.", b"\x85.", b"(\x85.", b"N(K\x01e.", b"](e.", b"K\x01K\x02\x86."]:
    try:
        print(pickle.loads(data))
    except Exception as error:
        print(type(error).__name__, error)


class Recorder(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key, [value])


print(pickle.loads(pickle.dumps([(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), "é\ud800", "", {"a": {}}, {1, 2}, Recorder(a=1)])))

# The shortest text of a float, and the even one where two are as near.
print([2.0**n for n in (53, 54, 60, 70, 80, 100, -20)], [5e-324, 1.7976931348623157e308, 1e16, 1e15, 123456789012345680.0, 1e-4, 1e-5, -0.0, 0.1])
print([9007199254740993 / 2**k for k in range(0, 12, 3)], [n / 7 for n in (1, 10**9, 10**17)], 1e23, 9.5e-7, 2.5, 100.0, complex(1e16, -1e-5))


# Conversions without flags, of what they write as it is and of what they do not.
class Named(str):
    def __str__(self):
        return "named"


class Number(int):
    def __str__(self):
        return "number"

    __repr__ = __str__


print("%s %d %s %s %d %s %s" % (1, -2, "é", Named("x"), Number(5), Number(6), True), "%d" % 3.9, "%s%%" % (None,), "%d" % True, "%s" % 2**70)
print(b"%s %d %s" % (b"x", 7, bytearray(b"y")), "%(a)s %(b)d" % {"a": "A", "b": 2}, "%s" % {"k": 1}, "%s" % ((1, 2),), str(-(2**62)), str(2**62), str(0))
for format, value in [("%s %s", (1,)), ("%d", "x"), ("%d", None), ("%s", ()), ("%s", (1, 2)), (b"%s", "text"), (b"%s", 1), ("%(a)s %s", {"a": 1})]:
    try:
        print(format % value)
    except TypeError as error:
        print(error)
