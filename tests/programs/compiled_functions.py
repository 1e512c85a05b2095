"""Functions that are called often, then with what they have not seen: other types, other shapes, errors, changed names and classes."""

import sys


def add(a, b):
    return a + b


for i in range(200):
    add(i, i)
print(add(1, 2), add("a", "b"), add(1.5, 2), add([1], [2]), add(2**62, 2**62), add(-(2**62), -1))
try:
    add(1, "x")
except TypeError as error:
    print(error, error.__traceback__.tb_next.tb_frame.f_locals)


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def norm(self):
        return self.x * self.x + self.y * self.y


class Other:
    y = "class attribute"

    @property
    def x(self):
        return "property"

    def norm(self):
        return "other"


def look(p):
    return p.x, p.y, p.norm()


for i in range(200):
    look(Point(i, 1))
print(look(Point(3, 4)), look(Other()))
p = Point(1, 2)
p.extra = 5
print(look(p))
Point.norm = lambda self: "replaced"
print(look(p))
del p.x
try:
    look(p)
except AttributeError as error:
    print(error)
Point.x = 7
print(look(p))


def divide(a, b):
    try:
        result = a // b
    except ZeroDivisionError as error:
        result = str(error)
    finally:
        a = "done"
    return a, result, b


for i in range(1, 200):
    divide(i, 3)
print(divide(7, -2), divide(-7, 2), divide(1, 0), divide(-(2**62), -1), divide(7.5, 2), 7 % -3, -7 % 3)


def shifts(a, n):
    return a << n, a >> n, ~a, -a, a & 12, a | 1, a ^ 5


for i in range(200):
    shifts(i, 3)
print(shifts(1, 61), shifts(1, 62), shifts(-5, 100), shifts(-(2**62), 1))


def floats(x, n):
    for i in range(n):
        x = x * 0.5 + i / 4 - 0.25
    return x


for i in range(200):
    floats(1.0, 3)
print(floats(1.0, 10), floats(1e300, 3), floats(float("inf"), 2), floats(-0.0, 0), floats(3, 2), floats(1j, 2))


def total(items):
    result = 0
    for item in items:
        if item is None:
            continue
        result += item
    return result


for i in range(200):
    total([1, 2, 3])
print(total([1, None, 2]), total((1, 2.5)), total({1: 2, 3: 4}), total(range(10)), total(i for i in range(4)), total([]))

scale = 2


def scaled(x):
    return helper(x) * scale


def helper(x):
    return x + 1


for i in range(200):
    scaled(i)
print(scaled(1))
scale = 3
print(scaled(1))


def helper(x):
    return -x


print(scaled(1))
del helper
try:
    scaled(1)
except NameError as error:
    print(error)


def counter():
    count = 0

    def step(by=1, *, twice=False):
        nonlocal count
        count += by * 2 if twice else by
        return count

    return step


step = counter()
for i in range(200):
    step()
print(step(), step(5), step(twice=True), step(by=2.5))


def unset(flag):
    if flag:
        value = 1
    return value


for i in range(200):
    unset(True)
try:
    unset(False)
except UnboundLocalError as error:
    print(error)


def depth(n):
    return 0 if n == 0 else 1 + depth(n - 1)


for i in range(50):
    depth(5)
print(depth(300))
try:
    depth(10**6)
except RecursionError as error:
    print(type(error).__name__)
sys.setrecursionlimit(20000)
print(depth(15000))


def item(container, key):
    return container[key]


for i in range(200):
    item([1, 2, 3], i % 3)
print(item([1, 2, 3], -1), item((4, 5), 1), item("text", 2), item({"k": "v"}, "k"))
for container, key in (([], 0), ({}, "k"), ((), -1)):
    try:
        item(container, key)
    except LookupError as error:
        print(type(error).__name__, error)


def store(container, key, value):
    container[key] = value
    return container


for i in range(200):
    store([0, 0], 1, i)
print(store([0, 0], -1, "s"), store({}, "k", 1), store(bytearray(2), 0, 65))


def text(n):
    result = ""
    for i in range(n):
        result += str(i)
    return f"{result!r:>8}|{n:03}"


for i in range(100):
    text(3)
print(text(5))
