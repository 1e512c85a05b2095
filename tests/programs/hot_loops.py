"""Loops that run long, in one call: what they compute must not depend on where they are compiled, entered and left."""

import sys


def sums(n):
    ints = 0
    floats = 0.0
    for i in range(n):
        ints += i % 7
        floats = floats * 0.5 + i
    return ints, floats


def nested(n):
    found = []
    i = 0
    while i < n:
        for j in range(3):
            i += 1
            if i % 400 == 0:
                found.append((i, j))
        else:
            i += 1
    return found


def handled(n):
    caught = 0
    for i in range(n):
        try:
            if i % 3 == 0:
                raise ValueError(i)
            if i % 5 == 0:
                {}[i]
        except ValueError as error:
            caught += error.args[0] % 2
        except KeyError:
            caught += 10
        finally:
            caught += 1
    return caught


def changes(n):
    # Ints, then floats, then ints that do not fit a word, then others.
    total = 0
    for i in range(n):
        if i == n // 4:
            total += 0.5
        if i == n // 2:
            total = 1 << 70
        if i == 3 * n // 4:
            total = complex(1, 2)
        total += i
    return total


def unset(n, flag):
    for i in range(n):
        if i == n - 2 and flag:
            late = i
        if i == n - 1:
            try:
                return late
            except UnboundLocalError as error:
                return str(error)


def twice(n):
    # The second time the loop is entered, other locals are set than at the first.
    for k in range(2):
        for i in range(n):
            if k == 1:
                last = x + i
        if k == 0:
            x = 1.5
    return last


def deleted(n):
    x = 1.0
    seen = []
    for k in range(3):
        for i in range(n):
            if k == 1 and i == 0:
                del x
            if k == 2 and i == 0:
                x = "text"
        try:
            seen.append(x)
        except UnboundLocalError:
            seen.append("unset")
    return seen


class Counter:
    made = 0

    def __init__(self, step):
        self.step = step
        self.value = 0

    def advance(self):
        self.value += self.step


class Other(Counter):
    def advance(self):
        self.value -= self.step


class Third:
    value = 7
    step = 1

    def advance(self):
        pass


def owners(n):
    objects = [Counter(1), Other(2), Third(), Counter(0.5)]
    for i in range(n):
        one = objects[i % (1 + i * 4 // n)]
        one.advance()
        Counter.made += 1
        if i % 500 == 0:
            objects[0].step = i
    return [one.value for one in objects], Counter.made


def scale(x):
    return x * 2


def rebinds(n):
    global scale
    total = 0
    for i in range(n):
        total += scale(i)
        if i == n // 2:
            scale = lambda x: x * 3
    return total


def leaves_often(n):
    # Guards fail again and again within one frame: the native stack must not grow.
    mixed = [1, 2.5, "a", None, (1,), [2], 1 << 80]
    kinds = {}
    for i in range(n):
        for one in mixed:
            try:
                twice = one + one
            except TypeError:
                twice = "none"
            kinds[type(twice).__name__] = kinds.get(type(twice).__name__, 0) + 1
    return kinds


def mixed_numbers(n):
    totals = []
    for k in range(n):
        total = 0
        for x in (0.5, 2, 1.5, k):
            total += x
            total = total * x - 1
        totals.append(total)
    return sum(totals), totals[:3]


def unpacked(n):
    pairs = [(i, str(i)) for i in range(10)]
    text = ""
    for k in range(n):
        for number, name in pairs:
            if number == k % 10 and k % 97 == 0:
                text += name
    return text


def closure(n):
    count = 0

    def add(i):
        nonlocal count
        count += i

    for i in range(n):
        add(i)
        count -= 1
    return count


def iterators(n):
    items = list(range(10))
    total = 0
    for k in range(n):
        for item in items:
            total += item
            if k == n - 1 and len(items) < 15:
                items.append(item)
        for item in (1, 2.5, 3):
            total += item
        for index, item in enumerate(items):
            total += index * item
    return total, len(items)


def slices(n):
    items = list(range(20))
    total = 0
    for i in range(n):
        total += len(items[i % 5:]) + len(items[:-3]) + len("abcdef"[1:i % 7]) + len((1, 2, 3)[-2:])
    return total


class Broken:
    def __len__(self):
        return -1


def raises_late(n):
    for i in range(n):
        if i == n - 1:
            return len(Broken())


class Color:
    RED = 1
    NAMES = ["red"]


def class_attributes(n):
    total = 0
    for i in range(n):
        total += Color.RED + len(Color.NAMES) + sys.maxsize % 10
        if i == n - 3:
            Color.RED = 100
    return total


def main():
    n = 5000
    print(sums(n))
    print(nested(n))
    print(handled(n))
    print(changes(n))
    print(unset(n, False), unset(n, True), unset(n, False))
    print(twice(n))
    print(deleted(n))
    print(owners(n))
    print(rebinds(n))
    print(leaves_often(n))
    print(mixed_numbers(n))
    print(unpacked(n))
    print(closure(n))
    print(iterators(500))
    print(slices(n))
    try:
        raises_late(n)
    except ValueError as error:
        print(error, error.__traceback__.tb_next.tb_lineno - raises_late.__code__.co_firstlineno)
    print(class_attributes(n))
    for _ in range(3):
        print(sums(n), mixed_numbers(50), changes(100), deleted(50))


main()
