"""Dictionaries: order, methods, views, merging, mutation during iteration, odd keys."""
d = {"b": 1, "a": 2}
d["c"] = 3
d["b"] = 9
del d["a"]
d["a"] = 4
print(d, list(d), d.keys(), d.values(), d.items(), len(d), "a" in d, d.get("x"), d.get("x", 0))
print(d.pop("a"), d.pop("zz", None), d.popitem(), d.setdefault("n", []), d.setdefault("b", 0), d)
d.update({"u": 1}, v=2)
d |= {"w": 3}
print(d, d | {"b": 0}, {**d, "z": 1} == d | {"z": 1}, dict(a=1, **{"b": 2}), dict([("x", 1)]), dict.fromkeys("ab", 0))
print(d.keys() & {"b", "q"}, sorted(d.keys() - {"b"}), d.items() >= {("b", 9)}, list(reversed(d)), d.keys() == set(d))
for bad in (lambda: d["missing"], lambda: {}.popitem(), lambda: {[]: 1}, lambda: dict([1]), lambda: dict([(1, 2, 3)]), lambda: {}.pop("k"), lambda: d < d, lambda: dict(5)):
    try:
        bad()
    except Exception as error:
        print(type(error).__name__, error)
try:
    for key in d:
        d[key + "!"] = 1
except RuntimeError as error:
    print(error)
print({1: "int", 1.0: "float", True: "bool"}, {0: 1}[False], {(1, 2): 3}[1, 2], {None: 1, ...: 2})


class Bad:
    def __init__(self, h): self.h = h
    def __hash__(self): return self.h
    def __eq__(self, other): return self is other
    def __repr__(self): return f"Bad{self.h}"


same = [Bad(1) for _ in range(4)]
table = {b: i for i, b in enumerate(same)}
print(table, [table[b] for b in same])


class Missing(dict):
    def __missing__(self, key): return f"no {key}"


m = Missing(a=1)
print(m["a"], m["b"], m.get("b"), m)
big = {i: i * i for i in range(1000)}
for i in range(0, 1000, 3): del big[i]
print(len(big), sum(big.values()), next(iter(big)))
nested = {}
nested["self"] = nested
print(nested, {"a": 1} == {"a": 1.0}, {"x": 1, "y": 2} == {"y": 2, "x": 1})
view = d.keys()
d.clear()
print(view, list(view), bool(d))
