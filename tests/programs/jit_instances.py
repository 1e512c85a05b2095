"""Instances that nobody but the function sees need not be made."""
import sys


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def scaled(self, k):
        return Point(self.x * k, self.y * k)

    def norm(self):
        return self.x * self.x + self.y * self.y


class Segment:
    def __init__(self, a, b):
        self.a = a
        self.b = b

    def middle(self):
        return (self.a + self.b).scaled(0.5)


def private(a, b):
    p, q = Point(a, b), Point(b, a)
    return (p + q).scaled(2).norm()


def nested(a, b):
    s = Segment(Point(a, b), Point(b, 1))
    s.a.x += 1
    return s.middle().norm()


def branches(a, b):
    p = Point(a, b)
    if a % 3:
        p.x = b
    else:
        p.y = a
    if a % 5 == 0:
        q = p
    else:
        q = Point(p.y, p.x)
    return p is q, q.x, q.y


def loops(n):
    p = Point(0, 1)
    for i in range(n):
        p.x += i
        p.y = -p.y
    return p.x, p.y


kept = []


def escapes_rarely(a, b):
    p = Point(a, b)
    if a == 777:
        kept.append(p)
        p.x = "later"
    return p.norm() if a != 777 else p


def raises(a, b):
    p = Point(a, b)
    try:
        return p.x / p.y
    except ZeroDivisionError:
        p.y = "zero"
        return p.x, p.y


def overflows(a):
    p = Point(a, a)
    q = Segment(p, p)
    p.x = p.x * 1000000007 * 1000000007
    return q.a is q.b, q.b.x, p.y


def looked_at(a):
    p = Point(a, 2)
    look()
    return p.x + p.y


seen = set()


def look():
    frame = sys._getframe(1)
    p = frame.f_locals["p"]
    seen.add((type(p).__name__, p.x, p.y))


class Dies:
    n = 0

    def __init__(self, x):
        self.x = x

    def __del__(self):
        Dies.n += self.x


def dies(x):
    d = Dies(x)
    return d.x


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


def slotted(x):
    return Slotted(x).x + 1


for i in range(1500):
    results = (
        private(i, 0.5), nested(i, 2), branches(i, 2), loops(i % 7), escapes_rarely(i, 1), raises(i, i % 4),
        overflows(i % 50), overflows(10**6 * i), looked_at(i), dies(1), slotted(i),
    )
    if i in (0, 3, 500, 776, 1499):
        print(i, results)
print([(type(p).__name__, p.x, p.y) for p in kept], len(seen), Dies.n)
Point.norm = lambda self: "changed"
print(private(1, 2), nested(1, 2))
