# Loops over `enumerate` of lists without tuples, functions of `math` and powers of floats without calls, in compiled code.
import math
from math import cos, sin, sqrt


def show(call, *args):
    try:
        return call(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def weigh(values):
    total = 0
    for index, value in enumerate(values):
        total += index * value
    return total


def pairs(values):
    return [(index, value) for index, value in enumerate(values)]


def growing(values, limit):
    seen = []
    for index, value in enumerate(values):
        seen.append((index, value))
        if len(values) < limit:
            values.append(value + 1)
    return seen


def stopping(values, wanted):
    for index, value in enumerate(values):
        if value == wanted:
            break
    else:
        return None
    return index, value


def nested(rows):
    found = {}
    for y, row in enumerate(rows):
        for x, item in enumerate(row):
            found[x, y] = item
    return found


def rest(values):
    iterator = enumerate(values)
    for index, value in iterator:
        if index == 1:
            break
    return list(iterator)


def named(values):
    lines = []
    for number, value in enumerate(values, 5):
        lines.append((number, value))
    return lines


for _ in range(80):
    weigh([1, 2, 3])
    pairs([1, 2])
    growing([1], 3)
    stopping([1, 2, 3], 2)
    nested([[1, 2], [3]])
    rest([1, 2, 3])
    named([1])
sources = [[1, 2.5, 3], (4, 5), "ab", {6: 7}, range(3), [], iter([8, 9]), (value for value in (1, 2)), {3}, 5, None]
for source in sources:
    print(show(pairs, source))
for source in ([1, 2.5, 3], [1, 2**70, 3.0], (4, 5), [True, "x"], ["a", "b", "c"], [[1], [2]]):
    print(show(weigh, source))
print(growing([0], 5), stopping([1, 2, 3], 3), stopping([1, 2, 3], 4), nested([[1], [2, 3], []]), rest([1, 2, 3, 4]), named("xy"))


class Logged(list):
    def __iter__(self):
        return iter(["own", "items"])


print(pairs(Logged([1, 2])), weigh(Logged()) if False else show(weigh, Logged([1])))


class Item:
    def __init__(self, number):
        self.number = number

    def __mul__(self, other):
        return self

    def __rmul__(self, other):
        if self.number == 3:
            raise ValueError(f"at {other}")
        return self.number


for _ in range(40):
    show(weigh, [Item(1), Item(2)])
print(show(weigh, [Item(1), Item(2)]), show(weigh, [Item(1), Item(2), Item(3), Item(4)]))


# ---- math


def norm(x, y):
    return sqrt(x * x + y * y)


def wave(n):
    return [round(sin(i) + cos(i * 0.5) * math.sin(2.0 * i), 12) for i in range(n)]


def of_float(x):
    y = x * 1.0
    return sqrt(y), sin(y), cos(y)


def power(x, y):
    return x**y


def inverse(x):
    return (x * x) ** (-1.5)


for _ in range(80):
    norm(3.0, 4.0)
    wave(3)
    of_float(2.0)
    power(2.0, 0.5)
    inverse(2.0)
print(norm(3.0, 4.0), norm(1, 2), wave(6), of_float(2.0), of_float(-0.0))
for number in (-1.0, float("inf"), float("-inf"), float("nan"), 1e300, 5e-324, 10**400):
    print(number if number != 10**400 else "much", show(of_float, number))
for x, y in ((2.0, 3.0), (2.0, -1074.0), (-8.0, 1 / 3), (0.0, -1.0), (-0.0, -3.0), (0.0, 0.0), (1e300, 2.0), (float("inf"), 0.5), (float("nan"), 0.0), (1.0, float("nan")), (2.0, 3), (2, 3.5), (2, -1), (-1.0, float("inf")), (10, 20), (2.0, 2000)):
    print(x, y, show(power, x, y))
print(inverse(3.0), show(inverse, 0.0), inverse(1e-200) if False else show(inverse, 1e-200), show(inverse, 2))
