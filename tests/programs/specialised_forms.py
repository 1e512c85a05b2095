"""Slices without slice objects, len() of Python classes without a nested loop, instances of subclasses of int as keys."""


def reversals(items, k):
    items[:k + 1] = items[k::-1]
    return items


def part(items, start, stop, step):
    return items[start:stop:step]


def store(items, start, stop, value):
    items[start:stop] = value
    return items


class Index:
    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


class Own(list):
    def __getitem__(self, key):
        return ("got", key)

    def __setitem__(self, key, value):
        print("set", key, value)


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__, str(error)


for turn in range(200):
    reversals([1, 2, 3, 4, 5], 3)
    part([1, 2, 3, 4], 0, 3, 2)
    store([1, 2, 3], 0, 1, [7])

print(reversals([1, 2, 3, 4, 5], 3), reversals([1, 2, 3], -1), reversals([1, 2, 3], 9), reversals([], 0))
for bounds in [(0, 3, 2), (None, None, None), (3, None, -1), (-2, None, None), (10**30, None, -1), (None, -10**30, None), (Index(1), Index(3), Index(1)),
               (0, 3, 0), ("a", None, None), (1, 2, True), (True, None, None), (5, 2, 1), (None, None, -2)]:
    for items in ([1, 2, 3, 4], (1, 2, 3, 4), "abcd", b"abcd", range(4), Own([1, 2])):
        print(str(attempt(part, items, *bounds)).replace("<__main__.Index object at ", "<")[:60] if not isinstance(bounds[0], Index) or not isinstance(items, Own) else "own")
for value in ([7], [7, 8, 9], [], (1, 2), "xy", range(2), {5: 6}, 3):
    for start, stop in [(0, 1), (1, 3), (3, 1), (None, None), (-1, None), (Index(0), 2), (10**30, None), ("a", 2)]:
        print(attempt(store, [1, 2, 3], start, stop, value))
items = [1, 2, 3]
print(store(items, 1, 2, items), store(Own([1, 2]), 0, 1, [5]), attempt(store, (1, 2), 0, 1, [5]))
print("finalisers")
items = [Noisy("a"), Noisy("b"), Noisy("c")]
store(items, 0, 2, [Noisy("d"), Noisy("e")])
print("stored")
store(items, 1, None, [])
print("emptied")
part([Noisy("f"), Noisy("g"), Noisy("h")], 0, 2, 1)
print("parted")
items.clear()


def constant(items):
    return items[1:3], items[:], items[::-1], items[:-1]


for turn in range(100):
    constant([1, 2, 3, 4])
for items in ([1, 2, 3, 4], (1, 2, 3), "abcdef", b"abc", bytearray(b"abc"), range(5)):
    print(constant(items))
print(attempt(constant, {}), attempt(constant, 5), constant(Own([1])))


class Sized:
    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length


class Failing:
    def __len__(self):
        raise ValueError("no length")


class Generating:
    def __len__(self):
        yield 1


class Inner:
    def __len__(self):
        return len(Sized(3)) + len("ab")


def length(value):
    return len(value)


def warm_length(value):
    return len(value)


sized = Sized(4)
for turn in range(200):
    length(sized)
    warm_length(sized)
print(length(sized), length(Inner()), length("abc"), length(Sized(2)))
for value in (-1, "a", 1.5, None, True, 10**30, -10**30, Index(6), Index(-6), 2**62, 2**63 - 1, 2**63):
    sized.length = value
    print(attempt(warm_length, sized))
print(attempt(warm_length, Failing()), attempt(warm_length, Generating()), attempt(warm_length, 5), warm_length([1]))


def counted(n):
    total = 0
    sized = Sized(2)
    for _ in range(n):
        total += len(sized)
    Sized.__len__ = lambda self: 5
    total += len(sized)
    return total


print(counted(100))


def fails(values):
    for value in values:
        try:
            len(value)
        except ValueError as error:
            frames, trace = [], error.__traceback__
            while trace:
                frames.append((trace.tb_frame.f_code.co_name, trace.tb_lineno - trace.tb_frame.f_code.co_firstlineno))
                trace = trace.tb_next
            seen.append(frames)


seen = []
fails([Failing()] * 100)
print(seen[0] == seen[-1], seen[-1])


def rebound(n):
    results = []
    sized = Sized(7)
    for turn in range(n):
        if turn == n - 2:
            globals()["len"] = lambda value: "mine"
        results.append(len(sized))
    del globals()["len"]
    return results[-3:]


print(rebound(100))


class Deep:
    def __len__(self):
        return len(self)


print(attempt(length, Deep())[0], attempt(length, Deep())[0])


class Named(int):
    pass


class Odd(int):
    def __eq__(self, other):
        return "odd" if other == 3 else NotImplemented

    def __hash__(self):
        return 3


class Counting(int):
    hashed = 0

    def __hash__(self):
        Counting.hashed += 1
        return int.__hash__(self)


names = [Named(n) for n in (0, 1, -1, 5, 2**61 - 1, 2**61, 2**62 - 1, 2**62, 2**63, 2**64, -2**62, -2**62 - 1)]
plain = [int(name) for name in names]
for turn in range(100):
    table = dict.fromkeys(names, turn)
    within = [name in table for name in plain] + [name in plain for name in names] + [name in set(plain) for name in names] + [name in (1, 7) for name in names]
print(within, table[1], table[True], set(names) == set(plain), {Named(1), 1, True, 1.0})
print([int(a) for a in names] == plain, [a == b for a, b in zip(names, plain)], [a < 5 for a in names])
print([type(a + 1).__name__ for a in names], [a + 1 == b + 1 and a * b == b * b and a - b == 0 and a & b == b and a | 1 == b | 1 and a ^ b == 0 for a, b in zip(names, plain)])
print(Odd(4) in (3,), 3 in (Odd(4),), Odd(3) in {3}, 3 in {Odd(9)}, Odd(2) == 3, (Odd(1),) == (3,))
key = Counting(5)
print(key in {5: 1}, {5: 2}[key], key in {5, 6}, Counting.hashed)
Named.__hash__ = lambda self: 12
print(Named(12) in {12}, Named(13) in {13}, hash(Named(13)))
Named.__eq__ = lambda self, other: True
print(Named(5) in (7,), 7 in (Named(5),))

array = bytearray(4)


def fill(key, value):
    array[key] = value


for turn in range(100):
    fill(turn & 3, turn)
print(array, bytes(array))
for key, value in [(-1, 255), (4, 0), (-5, 1), (0, 256), (0, -1), (0, "a"), (0, None), (True, True), (Index(2), Index(9)), (2**70, 1), (slice(0, 2), b"zzz"), ("a", 1)]:
    print(attempt(fill, key, value), array)


def pairs(items):
    for a, b in items:
        pass
    return a, b


for turn in range(100):
    pairs([(1, 2), (3, 4)])
print(pairs([(1, 2), (5, 6)]), pairs([[1, 2], "xy"]), attempt(pairs, [(1, 2, 3)]))


def dying():
    a, b = [Noisy("first"), Noisy("second")]
    for a, b in [(Noisy("fifth"), Noisy("sixth")), (1, 2)]:
        print("turn")
    for a, b in iter([[3, 4]]):
        pass


for turn in range(60):
    pairs([(Sized(1), Sized(2)), (3, 4)])
dying()


class More(list):
    pass


def appended(items, value):
    items.append(value)
    result = items.append(value)
    bound = items.append
    bound(value)
    return result, bound(value)


class Appending:
    def append(self, value):
        print("append", value)


for turn in range(100):
    items = []
    for value in range(20):
        print(appended(items, value), len(items)) if (turn, value) == (99, 19) else appended(items, value)
print(items[:9], items[-5:], appended(More(), 3), appended(Appending(), 4), attempt(appended, (), 1))


def dropped():
    [].append(Noisy("appended"))
    print("after")
    add = [].append
    add(Noisy("bound"))
    print("before")
    del add
    print("gone")


for turn in range(60):
    [].append(turn)
    if turn > 57:
        dropped()


def within(part, text):
    return part in text, part not in text


for turn in range(100):
    within("a", "abc")
for part, text in [("", "abc"), ("c", "abc"), ("d", "abc"), ("bc", "abc"), ("abcd", "abc"), ("é", "né"), ("é", "ne"), ("\u1234", "a\u1234"), ("\u1234", "abc"),
                   ("a", "a\u1234"), ("\U00012345", "\U00012345a"), (5, "abc"), ("a", ["a"]), (Own("ab"), "abc"), ("", "")]:
    print(attempt(within, part, text))
