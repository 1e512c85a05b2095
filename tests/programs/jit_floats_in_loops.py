"""Floats of loops that only frames that are looked at, or left, see: unset ones, those beyond the common range, and ints among them."""
import sys

INFINITY = float("inf")
NAN = float("nan")


def shown(value):
    return repr(value)


def unset(rows, stop):
    """Variables are unset until the first turn."""
    total = 0.0
    seen = []
    for number, (x, y) in enumerate(rows):
        if number == stop:
            seen.append(sorted((k, shown(v)) for k, v in locals().items() if k in "xyd"))
        d = x - y
        e = d * d
        total += e
    return total, seen


def raises(rows):
    try:
        for x, y in rows:
            d = x - y
            e = d / y
    except (ZeroDivisionError, TypeError) as error:
        frame = error.__traceback__.tb_frame
        names = {k: shown(v) for k, v in frame.f_locals.items() if k in "xyde"}
        return type(error).__name__, sorted(names.items())
    return None


def nested(table):
    result = 0.0
    for row in table:
        for x, y, z in row:
            a = x * y
            b = a + z
            result += b
    return result


def moved(bodies, n):
    for _ in range(n):
        for position, velocity, mass in bodies:
            [vx, vy] = velocity
            position[0] += vx * mass
            position[1] += vy * mass
    return [position for position, _, _ in bodies]


def mixed(pairs):
    out = []
    for a, b in pairs:
        out.append((a + b, a - b, a * b))
    return out


class Vector:
    def __init__(self, x, y, z):
        self.x = x
        self.y = y
        self.z = z

    def dot(self, other):
        return self.x * other.x + self.y * other.y + self.z * other.z

    def minus(self, other):
        return Vector(self.x - other.x, self.y - other.y, self.z - other.z)


def dots(vectors):
    return [v.minus(w).dot(v) for v in vectors for w in vectors]


def identity(values):
    """What a list holds is in it, NaNs by being the same object."""
    n = 0
    for value in values:
        doubled = value + value
        if value in values:
            n += 1
        if doubled == 3.5:
            n += 100
    return n


plain = [(float(i), i + 0.5) for i in range(40)]
for turn in range(60):
    first = unset(plain, 0)
    second = unset(plain, 5)
print(first, second)
wide = plain[:20] + [(1e300, -1e300), (INFINITY, 1.0), (1.0, NAN), (-0.0, 0.0), (1e-310, 2.0)]
for turn in range(30):
    third = unset(wide, 22)
print(third)
print(unset([], 0), unset([(1, 2.0), (3, 4)], 1))

bad = plain[1:] + [(1.0, 0.0)]
odd = plain[1:] + [("a", 1.0)]
for turn in range(40):
    results = raises(plain[1:]), raises(bad), raises(odd), raises([("b", 1.0)])
print(*results, sep="\n")

table = [[(1.5, 2.5, 3.5)] * 10] * 5
for turn in range(40):
    sums = nested(table), nested(table + [[(1, 2, 3), (1e200, 1e200, 1.0)]]), nested([])
print(sums)

for turn in range(30):
    bodies = [([1.0, 2.0], [0.25, -0.5], 2.0), ([0.0, -0.0], [1e-300, 1e300], 1e10), ([1, 2], [3, 4], 5)]
    places = moved(bodies[: 1 + turn % 3], 20)
print(places)

numbers = [1, 2.5, 0, -0.0, 0.0, 4611686018427387903, -4611686018427387904, 1e308, True, 2**70, NAN, -INFINITY, 2.0**-255, -(2.0**-255), 2.0**256, 2.0**257]
pairs = [(a, b) for a in numbers for b in numbers]
for turn in range(8):
    out = mixed(pairs)
print(out)

vectors = [Vector(a, b, c) for a in (1, 2.5) for b in (0, -1.5) for c in (3, 4.0)]
for turn in range(20):
    products = dots(vectors)
print(products)

values = [1.75, NAN, 1e300, -0.0, 2.5, INFINITY] * 5
for turn in range(30):
    count = identity(values)
print(count)
