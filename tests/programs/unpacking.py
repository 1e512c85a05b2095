"""Unpacking in assignments, calls, displays; swaps; the messages when it fails."""
a, (b, *c), d = 1, [2, 3, 4], "d"
print(a, b, c, d)
*start, end = range(5)
print(start, end)
first, *middle, last = "ab"
print(first, middle, last)
a, b = b, a
print(a, b, [*range(3), *"xy"], (*[], 1), {*[1, 2], 2}, {**{"a": 1}, "b": 2, **{"a": 3}})
x = y = [1]
x += [2]
print(x is y, y)
i, items = 0, [10, 20, 30]
i, items[i] = 2, "changed"
print(i, items)
for wrong in (lambda: [0 for a, b in [(1, 2, 3)]], lambda: [0 for a, b in [(1,)]], lambda: [0 for a, *b, c in [(1,)]], lambda: [0 for a, b in [5]]):
    try:
        wrong()
    except (ValueError, TypeError) as error:
        print(error)
try:
    a, b, c = {1, 2}
except ValueError as error:
    print(error)
(a), [b] = 1, [2]
for i, (k, v) in enumerate({"p": (1, 2)}.items()):
    print(i, k, v)
def f(*args, **kwargs): return args, kwargs
print(f(*"ab", 1, *[2], k=3, **{"m": 4}), *[1, 2], sep="-")
try:
    f(**{"a": 1}, **{"a": 2})
except TypeError as error:
    print(error)
def g(): return *range(2), 5
print(g())
t = ([],)
try:
    t[0] += [1]
except TypeError as error:
    print(error, t)
a: int = 5
print(a, __annotations__ if "__annotations__" in globals() else "lazy")
