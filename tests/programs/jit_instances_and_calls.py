"""Instances that compiled code makes, calls of instances, `int()` of numbers, powers."""
import gc
import weakref


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


def make(n):
    return [Point(i, i + 0.5) for i in range(n)]


def total(points):
    result = 0
    for point in points:
        result += point.x * point.y
    return result


for turn in range(60):
    points = make(50)
print(total(points), len(points), points[7].__dict__)

# Instances get more attributes than any had when the code was compiled.
for number in range(12):
    setattr(points[0], f"more_{number}", number)
for turn in range(40):
    later = make(30)
    for index, point in enumerate(later):
        point.extra = index
        for number in range(10):
            setattr(point, f"more_{number}", number)
print(total(later), len(later[3].__dict__), points[0].more_11)

# A finaliser comes later.
ended = []
Point.__del__ = lambda self: ended.append(self.x)
for turn in range(30):
    fresh = make(2)
    del fresh
print(len(ended), ended[:6])
del Point.__del__
del points, later

# Weak references and cycles.
watched = []
for turn in range(200):
    point = Point(turn, None)
    point.y = point
    if turn % 50 == 0:
        watched.append(weakref.ref(point))
del point
gc.collect()
print([reference() for reference in watched])


class Slots:
    __slots__ = ("a", "b")

    def __init__(self, a, b):
        self.a = a
        self.b = b


class Counted(int):
    def __init__(self, value):
        self.note = value


def others(n):
    return sum(Slots(i, 1).a + Counted(i).note for i in range(n))


for turn in range(60):
    result = others(30)
print(result)


class Adder:
    def __init__(self, n):
        self.n = n

    def __call__(self, x, y=10):
        return self.n + x + y


class Generating:
    def __call__(self, x):
        yield x


class Fancy:
    __call__ = staticmethod(lambda x: ("static", x))


class Doubling(type):
    def __call__(cls, x):
        return ("class", cls.__name__, x)


class Made(metaclass=Doubling):
    pass


def apply(functions, x):
    return [function(x) for function in functions]


functions = [Adder(1), Adder(2.5), Fancy(), Made, Point(1, 2).__init__.__self__.__class__.__name__.upper, len]
for turn in range(80):
    results = apply(functions[:4], turn)
print(results, [list(value) for value in apply([Generating()] * 3, 4)])
for wrong in ([Point(1, 2)], [Adder("a")], [Adder(1).__call__.__func__]):
    try:
        print(apply(wrong, 5))
    except TypeError as error:
        print(type(error).__name__, error)
Adder.__call__ = lambda self, x: ("changed", self.n, x)
print(apply(functions[:2], 1))


def whole(values):
    return [int(value) for value in values]


class Own:
    def __int__(self):
        return 42


values = [0, 1, -7, 2.9, -2.9, -0.0, 0.0, 1e18, -1e18, 4611686018427387904.0, -4611686018427387904.0, 4611686018427387903, 9.3e18, 1e70, 1e300, True, "12", Own(), 2**80]
for turn in range(60):
    results = whole(values)
print(results)
for wrong in (float("nan"), float("inf"), "x", None):
    try:
        print(whole([1.5, wrong]))
    except (ValueError, OverflowError, TypeError) as error:
        print(type(error).__name__, error)


def powers(values):
    return [(x**2, x**0.5, x**3, x**-2, x**-1.5) for x in values]


bases = [1.1, 2.0, 3.7, 1e-70, 1e70, 0.1, 12345.678, 1e-3, 1 / 3, 9.0, 6.25] + [1.0 + i / 997 for i in range(300)]
for turn in range(30):
    results = powers(bases)
print(results)
for wrong in (0.0, -2.0, 1e200):
    try:
        print(powers([2.0, wrong]))
    except (ZeroDivisionError, OverflowError) as error:
        print(type(error).__name__, error)
