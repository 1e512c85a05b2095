# Equality of objects that are equal if they are the same, isinstance of Python classes, truth of bools and None, objects whose shapes change between two looks.


class Plain:
    pass


class Other:
    pass


class Equal:
    def __init__(self, number):
        self.number = number

    def __eq__(self, other):
        return isinstance(other, Equal) and self.number == other.number

    __hash__ = None


class Unequal:
    def __ne__(self, other):
        return "unequal"


class Reflected:
    def __eq__(self, other):
        return "reflected"


def same(a, b):
    return a == b, a != b


def choose(a, b):
    if a == b:
        return "equal"
    if a != b:
        return "different"
    return "neither"


plains = [Plain(), Other(), None, Plain(), object(), type, len]
for i in range(2000):
    a, b = plains[i % 7], plains[i * 3 % 5]
    same(a, b)
    choose(a, b)
nan = float("nan")
values = plains + [Equal(1), Equal(1), Unequal(), 1, 1.0, True, "1", nan, (1,), [1]]
for a in values:
    print([same(a, b) for b in values], [choose(a, b)[0] for b in values])
print(same(Plain(), Reflected()), same(None, Reflected()), choose(Plain(), Reflected()))
Plain.__eq__ = lambda self, other: "changed"
print(same(plains[0], plains[3]), same(None, plains[0]), choose(plains[0], None))
del Plain.__eq__
print(same(plains[0], plains[3]), same(plains[0], plains[0]), choose(plains[0], None))


class Meta(type):
    def __instancecheck__(cls, instance):
        return "yes" if instance is None else ""


class Checked(metaclass=Meta):
    pass


class Liar:
    __class__ = Plain


class Derived(Plain):
    pass


def ask(value):
    return isinstance(value, Plain), isinstance(value, (Other, Derived)), isinstance(value, Checked)


things = [Plain(), Other(), Derived(), Liar(), None, 5, "text"]
for i in range(2000):
    ask(things[i % 7])
print([ask(thing) for thing in things], ask(Checked()))


def truth(value, other):
    count = 0
    if value:
        count += 1
    if not other:
        count += 2
    while value and count < 5:
        count += 3
    return count, value or other, value and other


for i in range(2000):
    truth(i % 2 == 0, None)
print(truth(True, None), truth(None, True), truth(0, []), truth([1], ""), truth(Plain, {}), truth("", 0.0), truth(0.5, {1}))


class Node:
    def __init__(self, value):
        self.value = value


class Left(Node):
    pass


class Right(Node):
    pass


def walk(node, change):
    first = node.value
    if change:
        change(node)
    second = node.value
    node.value = first + 1
    return first, second, node.value


def grow(node):
    node.extra = 1


def swap(node):
    node.__class__ = Right if type(node) is Left else Left


def shrink(node):
    del node.value
    node.other = 0
    node.value = "again"[0:0] or 7


nodes = [Node(1), Left(2), Right(3)]
for i in range(3000):
    walk(nodes[i % 3], None)
for change in (None, grow, swap, shrink):
    print([walk(kind(5), change) for kind in (Left, Right)], [walk(kind(5), change) for kind in (Node,) if change is not swap])


def add(a, b):
    a.mark = 1
    b.mark = 2
    return a.mark, b.mark


for i in range(2000):
    add(Left(0), Right(0))
node = Left(0)
print(add(node, node), add(Left(1), Node(1)), vars(node))
