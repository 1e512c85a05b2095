# What compiled code does without calls: items of arrays, slices of lists, unpacking of lists and tuples, isinstance of builtin classes, ranges with
# a step that is not known.
from array import array


def show(call, *args):
    try:
        return call(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


# ---- items of arrays


def total(values):
    result = 0
    for index in range(len(values)):
        result += values[index]
    return result


def scale(values, factor):
    for index in range(len(values)):
        values[index] = values[index] * factor
    return values


def at(values, index):
    return values[index]


def put(values, index, value):
    values[index] = value
    return values[index]


def swap(values, i, j):
    values[i], values[j] = values[j], values[i]
    return values


for _ in range(60):
    total(array("d", [1.5, 2.5]))
    scale(array("d", [1.5, 2.5]), 2.0)
    at(array("d", [1.5, -2.5]), 1)
    put(array("d", [1.5, -2.5]), 1, 4.0)
    swap(array("d", [1.5, -2.5]), 0, 1)
print(total(array("d", [0.1] * 10)), scale(array("d", [1.0, -0.0]), 3.0), swap(array("d", [1, 2, 3]), 0, -1))
for index in (-2, -1, 0, 1, 2, -3, 2**70, True, "x"):
    print(index, show(at, array("d", [1.5, -2.5]), index), show(put, array("d", [1.5, -2.5]), index, 7))
for value in (1, 2**53 + 1, 2**62, 10**400, True, 1.5, float("nan"), float("-inf"), None, "x", 1j):
    print(repr(value)[:20], str(show(put, array("d", [0.0]), 0, value))[:60])

for code in "bBhHiIlLqQfd":
    values = array(code, [1, 2, 3])
    for _ in range(40):
        total(values)
        at(values, 1)
        put(values, 0, 1)
    print(code, total(values), at(values, -1))
    for value in (0, 127, 128, 255, 256, -1, -128, -129, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**62 - 1, 2**62, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -2**62, -2**62 - 1, -2**63, 1.5):
        # (Which limit an error names is not the matter here.)
        print(value, str(show(put, array(code, [1, 2, 3]), 1, value)).split(":")[0], end="; ")
    print()


class Shifted(array):
    def __getitem__(self, index):
        return super().__getitem__(index) + 100


print(total(Shifted("d", [1, 2])), at(Shifted("i", [5]), 0), put(Shifted("d", [1]), 0, 2.0))
print(show(at, array("w", "abc"), 1), show(put, array("w", "abc"), 1, "z"), show(put, array("w", "abc"), 1, 3))


def shrinking(values):
    seen = []
    for index in range(3):
        seen.append(values[index])
        values.pop()
    return seen


print(show(shrinking, array("d", [1, 2, 3, 4, 5])))
for _ in range(60):
    show(shrinking, array("d", [1, 2, 3, 4, 5]))
print(show(shrinking, array("d", [1, 2, 3, 4, 5])), show(shrinking, array("d", [1, 2, 3, 4, 5, 6])))


# ---- a matrix of arrays, with items by pairs and by rows


class Matrix:
    def __init__(self, width, height):
        self.rows = [array("d", [0]) * width for _ in range(height)]

    def __getitem__(self, key):
        if isinstance(key, tuple):
            return self.rows[key[1]][key[0]]
        return self.rows[key]

    def __setitem__(self, key, value):
        if isinstance(key, tuple):
            self.rows[key[1]][key[0]] = value
        else:
            self.rows[key] = value


def fill(matrix, n):
    for y in range(n):
        for x in range(n):
            matrix[x, y] = x * 10 + y
    for y in range(1, n):
        for x in range(n):
            matrix[y][x] -= matrix[y - 1][x] * 0.5
    matrix[0], matrix[1] = matrix[1], matrix[0]
    return sum(sum(row) for row in matrix.rows)


print([fill(Matrix(n, n), n) for n in (2, 3, 4) * 20][-3:])


# ---- instances of builtin classes


class Text(str):
    pass


class Liar:
    @property
    def __class__(self):
        return tuple


def kinds(value):
    return [isinstance(value, int), isinstance(value, str), isinstance(value, float), isinstance(value, tuple), isinstance(value, list), isinstance(value, bool), isinstance(value, dict)]


def is_tuple(value):
    return isinstance(value, tuple)


def of_constant():
    return isinstance(1, tuple), isinstance((1, 2), tuple), isinstance(1.0, float), isinstance("", (int, str))


for _ in range(60):
    kinds(1), is_tuple((1, 2)), of_constant()
for value in (1, 2**80, True, 1.5, 1e300, "x", Text("x"), (), [], {}, None, Liar(), int):
    print(type(value).__name__, kinds(value), is_tuple(value))
print(of_constant())


# ---- slices


def slices(values, i, j, k):
    return [values[:], values[i:], values[:j], values[i:j], values[i:j:k], values[::k], values[i::-1], values[:j:-1]]


def flip(values, k):
    values[: k + 1] = values[k::-1]
    return values


def assign(values, i, j, new):
    values[i:j] = new
    return values


def assign_kept(values, i, j, new):
    part = new[:]
    values[i:j] = part
    part.append("end")
    return values, part


for _ in range(60):
    slices([1, 2, 3, 4], 1, 3, 2)
    flip([1, 2, 3], 1)
    assign([1, 2, 3], 0, 2, [4, 5])
    assign_kept([1, 2, 3], 0, 2, [4, 5])
for values in ([1, 2, 3, 4, 5], (1, 2, 3, 4, 5), "abcde", b"abcde", array("i", [1, 2, 3]), range(5), []):
    for bounds in ((1, 3, 2), (-2, 9, -1), (9, -9, -2), (None, None, 1), (True, 2**70, 1), (0, 0, 3)):
        print(show(slices, values, *bounds))
print(show(slices, [1, 2], 0, 1, 0), show(slices, [1, 2], "a", 1, 1), show(slices, 5, 0, 1, 1))
print([flip(list("abcdef"), k) for k in range(-3, 8)])
for bounds in ((0, 2), (1, 1), (3, 1), (-2, None), (None, None), (5, 9)):
    for new in ([], [7, 8], (7, 8), "xy", range(3), [7, 8, 9, 10, 11]):
        print(assign([1, 2, 3], *bounds, new), end=" ")
    print(assign_kept([1, 2, 3], *bounds, [9, 8]))
print(show(assign, [1, 2], 0, 1, 5), show(assign, (1, 2), 0, 1, [5]), show(assign, [1, 2], "a", 1, [5]))
same = [1, 2, 3, 4]
assign(same, 1, 3, same)
print(same)


class Dying:
    def __init__(self, name, log):
        self.name, self.log = name, log

    def __del__(self):
        self.log.append(self.name)


def replaced():
    log = []
    values = [Dying(number, log) for number in range(5)]
    values[1:4] = values[0:3][:]
    log.append("stored")
    values[:2] = [None, None]
    log.append("end")
    return log + [len(values)]


print([replaced() for _ in range(30)][-1])


# ---- unpacking


def take(pair):
    a, b = pair
    c, d = pair
    return a, b, c, d


def sources():
    yield 1
    yield 2


for _ in range(40):
    take((1, 2))
for _ in range(60):
    take([3, 4])
    take((5, 6))
for source in ((1, 2), [1, 2], "ab", {1: 2, 3: 4}, sources(), range(2), array("d", [1, 2])):
    print(show(take, source) if not hasattr(source, "send") else show(lambda: [*source]))
for source in ((1,), [1], (1, 2, 3), [1, 2, 3], "abc", 5, None, sources()):
    print(show(take, source))


# ---- ranges


def steps(start, stop, step):
    seen = []
    for number in range(start, stop, step):
        seen.append(number)
    return seen


def strided(n, step):
    count = 0
    for number in range(0, n, 2 * step):
        for other in range(number, n, step):
            count += number ^ other
    return count


for _ in range(60):
    steps(0, 10, 3)
    strided(20, 3)
for bounds in ((0, 10, 3), (10, 0, -3), (0, 0, 1), (5, 1, 1), (2**62 - 5, 2**62 - 1, 3), (2**62 - 3, 2**62 + 3, 2), (0, 3, 2**62 - 1), (-(2**62), -(2**62) + 3, 1), (0, 5, True), (0, 5, 0), (0, 5, 1.0)):
    print(show(steps, *bounds))
print(strided(100, 7), strided(50, 1), show(strided, 50, -1), show(strided, 50, 0))
