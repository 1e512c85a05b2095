# Slices of lists that are stored at once, methods of builtin classes called for instances of subclasses, ints looked for in lists, classes without __init__.


def turn(items, k):
    items[:k + 1] = items[k::-1]
    return items


def move(items, other, start, stop, first, last):
    items[start:stop] = other[first:last:2]
    return items


for k in range(2000):
    turn(list(range(10)), k % 10)
    move(list(range(10)), list("abcdef"), k % 5, k % 7, 0, k % 6)
print([turn(list(range(6)), k) for k in (0, 1, 5, 6, 9, -1, -2, -7)])
print([move(list(range(6)), list("abcdef"), *bounds) for bounds in ((0, 3, 0, 6), (2, 2, 1, 4), (4, 1, 0, 2), (-2, 9, -3, 9), (0, 6, 5, 0))])
items = [1, 2, 3, 4]
print(move(items, items, 1, 3, 0, 9), move(items, items, 0, 9, 1, 2))
for k in (2**61, 2**62 - 1, 2**63, True, None, "x", 1.5):
    try:
        print(turn([1, 2, 3], k))
    except TypeError as error:
        print(error)
print(turn((lambda text: list(text))("text"), 2))
try:
    turn((1, 2, 3), 1)
except TypeError as error:
    print(error)


class Dying:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name, len(where))


where = [Dying(i) for i in range(4)]
move(where, [0, 1, 2, 3], 0, 3, 0, 4)
print(where[:2], len(where))
where.clear()


class Stack(list):
    pass


class Loud(list):
    def pop(self, index=-1):
        print("pop", index)
        return super().pop(index)

    def append(self, item):
        super().append(item * 2)


class Named(dict):
    def __missing__(self, key):
        return "missing"


def use(stack, name):
    stack.append(1)
    stack.append(2)
    first = stack.pop(0)
    stack.insert(0, 5)
    stack.remove(5)
    count = stack.count(2)
    stack.reverse()
    return first, count, len(stack), name.get("a"), name.get("b", 3), list(name.keys())


for i in range(2000):
    use(Stack(), Named(a=1))
    use([], {"a": i})
print(use(Stack([7]), Named(a=1)), use([7], {}), use(Loud([7]), Named()))
try:
    use((), {})
except AttributeError as error:
    print(error)
try:
    Stack().pop(0)
except IndexError as error:
    print(error)


def has(item, items):
    return item in items, item not in items


for i in range(2000):
    has(i % 5, [1, 2, 3])
    has(i % 5, (1, 2, 3))
for items in ([1, 2], (1, 2), [True, 2], [2.0, 1.0], [2**70, 1], ["1", None], [], Stack([1])):
    print([has(item, items) for item in (1, 2, 3, True, 2**70, 1.0)])


class Plain:
    pass


class Base:
    def __init__(self):
        super().__init__()
        self.kind = type(self).__name__


class More(Base):
    def __init__(self, value):
        super(More, self).__init__()
        self.value = value


def make(value):
    plain = Plain()
    plain.value = value
    return plain.value, More(value).kind, Base().kind


for i in range(2000):
    make(i)
print(make("x"))
try:
    Plain(1)
except TypeError as error:
    print(error)
Plain.__init__ = lambda self: print("made")
print(make("y"))
Plain.__new__ = lambda cls: object.__new__(Base)
print(make("z"))
