"""Short ways of natives and of the interpreter give what the long ones do, where they end, too."""

import functools
import gc
import io
import itertools
import json
import pickle
import sys
import weakref


def attempt(action, *args):
    try:
        return action(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


# Pickles: memos that grow, numbers that are given out of order, frames, data that ends early.
names = [f"name{index}" for index in range(300)]
for protocol in range(6):
    data = pickle.dumps([names, names, (1, 2.5, None, True, b"x" * 300, "é" * 200, 2**70)], protocol)
    first, second, rest = pickle.loads(data)
    print(protocol, first is second, first == names, rest[0], rest[-1] == 2**70, rest[5] == "é" * 200)
print(pickle.loads(b"]r\x10\x27\x00\x00j\x10\x27\x00\x00a."))
print(pickle.loads(b"\x80\x04}\x94(\x8c\x01a\x94K\x01\x8c\x01a\x94K\x02\x8c\x02bb\x94Ju."[:-2] + b"\x00\x00\x00\x00u."))
for bad in (b"", b"\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00K", b"\x80\x04\x95\x01\x00\x00\x00\x00\x00\x00\x00K\x01.", b"(1", b"h\x05.", b"Pid\n."):
    print(attempt(pickle.loads, bad))
print(attempt(pickle.loads, b"K\x01Q."))


class Keeper(pickle.Unpickler):
    def persistent_load(self, identity):
        return ("kept", identity)


print(Keeper(io.BytesIO(b"K\x01Q.")).load())
pickler = pickle.Pickler(io.BytesIO())
pickler.dump(names)
print(len(pickler.memo.copy()))


# Keys of dicts and sets that are found by identity, by value, or by asking.
class Same:
    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        print("asked", self.value)
        return isinstance(other, Same) and self.value == other.value

    def __hash__(self):
        return 7


one, other = Same(1), Same(1)
table = {(1, "a"): "x", (1, (2, 3)): "y", (one,): "z", 5: "five", 2.5: "float"}
print(table[(1, "a")], table[(1, (2, 3))], table[(other,)], table[5.0], table.get((1, 2)), table.get((True, "a")))
table[(other,)] = "new"
table[5.0] = "also five"
print(list(table.values()))
members = {one}
members.add(other)
members |= {Same(2)}
print(len(members), 7 in members, len({*range(100), *range(50, 150)}), {True} | {1.0} == {1})
clash = {8 * index for index in range(20)}
print(sorted(clash) == [8 * index for index in range(20)], 152 in clash, 153 in clash)


# Sums, bytes of ints, numbers of JSON.
print(sum([1, 2, 3]), sum((2**62, 2**62, 5)), sum([True, 2]), sum([1, 2.5]), sum([], 4), sum([2**61] * 8))
for value in (0, 1, -1, 127, 128, -128, -129, 255, 256, 2**31, -(2**31), 2**62, -(2**62), 2**64):
    for length in (0, 1, 2, 8, 9, 16, 17):
        for signed in (False, True):
            made = attempt(lambda: value.to_bytes(length, "big", signed=signed))
            if isinstance(made, bytes):
                assert int.from_bytes(made, "big", signed=signed) == value
                assert int.from_bytes(made[::-1], "little", signed=signed) == value
            elif length in (1, 8):
                print(value, length, signed, made)
print(int.from_bytes(b"", "big"), int.from_bytes(b"\xff" * 8, "big"), int.from_bytes(b"\xff" * 8, "big", signed=True))
print(json.loads("[1, -5, 123456789012345678901234567890, 1.5, -0, -0.0, 1e5, 1E-2, 0.1]"))
print(json.loads('{"é": 1.25, "\\u1234": 7, "ሴ": 12}', parse_int=str, parse_float=lambda text: "f" + text))


# Partials and calls with what is in a tuple.
part = functools.partial(max, 5)
print(part(3), part(9, 2), attempt(functools.partial(int), "x"), functools.partial(sorted, key=lambda x: -x)([1, 2]))
print(functools.partial(divmod, functools.Placeholder, 3)(10))
print([*map(lambda items: max(*items), [(1, 2), [3, 1]])], attempt(lambda: len(*(1, 2))))
cached = functools.lru_cache(lambda *args: len(args))
print(cached(*(1, 2)), cached(1, 2), cached(*[1, 2]), cached.cache_info().hits)


# Builtin classes called in hot code, where the callable and the arguments change.
def make(kind, *args):
    return kind(*args)


def call(kind, value):
    return kind(value)


for _ in range(200):
    results = [call(kind, (1, 2)) for kind in (tuple, list, set, frozenset, bytearray, bytes, bool)]
print(results, call(tuple, [3]), call(range, 3), attempt(call, int, (1,)), attempt(call, range, "x"), call(type, 1))


class Fancy(list):
    def __init__(self, items):
        super().__init__(items)
        self.append("end")


print(call(Fancy, "ab"), call(list, "ab"), [tuple(x) for x in ([1], (2,), "c", {4: 5})])


# Generators: resumed by loops and natives, with exceptions handled while they wait, delegating, closed, failing.
def count(n):
    for index in range(n):
        try:
            raise ValueError(index)
        except ValueError:
            yield index, type(sys.exception()).__name__


def nest(depth):
    if depth:
        yield from nest(depth - 1)
    yield depth


def fail(n):
    yield from range(n)
    raise KeyError(n)


def run():
    try:
        raise TypeError
    except TypeError:
        total = [(value, type(sys.exception()).__name__) for value in count(3)]
    plain = (x * x for x in range(10))
    return total, list(nest(3)), sum(x for x in range(100)), next(plain), list(plain), list(plain), [*itertools.islice(nest(5), 3)]


for _ in range(100):
    result = run()
print(*result, sep="\n")
print(attempt(lambda: [x for x in fail(3)]), attempt(lambda: list(fail(3))), attempt(lambda: sum(fail(3))))
running = None


def itself():
    yield next(running)


running = itself()
print(attempt(next, running), attempt(next, running))


def deep(n):
    yield n if n == 0 else sum(deep(n - 1)) + 1


print(next(deep(50)))

# Permutations and their like; weak references that are shared; cycles.
print(list(itertools.permutations("abc", 2)), list(itertools.combinations("abcd", 3))[:2], list(itertools.product("ab", repeat=2)))
keep = lambda: None  # noqa: E731
print(weakref.ref(keep) is weakref.ref(keep), weakref.ref(keep, print) is weakref.ref(keep), weakref.proxy(keep) is weakref.proxy(keep))
gc.collect()
knot = [[], {}, (1, [2])]
knot[0].append(knot)
knot[1]["self"] = knot
knot[2][1].append(knot)
ends = []


class Last:
    def __del__(self):
        ends.append("gone")


knot.append(Last())
del knot
gc.collect()
print(ends)
