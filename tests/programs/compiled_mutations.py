"""What compiled code takes for granted is changed while it runs: attributes, classes, functions, names, layouts."""
import sys


def show(name, *values):
    print(f"{name}:", *values)


def often(function, *args):
    """The last of many calls, which all agree."""
    results = [function(*args) for _ in range(120)]
    assert all(result == results[0] for result in results), (function, results)
    return results[0]


# A class attribute, a method and a property replaced.

class Point:
    scale = 2

    def __init__(self, x, y=7):
        self.x = x
        self.y = y

    def sum(self):
        return self.x + self.y * self.scale

    @property
    def size(self):
        return self.x * 10


def total(point):
    return point.sum()


def size(point):
    return point.size


def make(x):
    return Point(x).sum()


point = Point(1)
show("methods", often(total, point), often(size, point), often(make, 3))
Point.scale = 3
show("class attribute", often(total, point), often(make, 3))
point.scale = 10
show("instance attribute", often(total, point), often(total, Point(1)))
Point.sum = lambda self: self.x * 1000
show("method", often(total, point), often(make, 3))
point.sum = lambda: "own"
show("own method", often(total, point))
Point.size = 5
show("property", often(size, point))
point.__dict__["size"] = 6
show("plain attribute", often(size, point))
Point.size = property(lambda self: self.__dict__["size"] + 1)
show("property again", often(size, point))
del Point.size
show("deleted", often(size, point))


# The method is replaced by what it calls.

class Changing:
    def step(self, n):
        if n == 60:
            Changing.step = lambda self, n: -n
        return n


def walk(changing, n):
    result = 0
    for i in range(n):
        result += changing.step(i)
    return result


show("replaced while it runs", walk(Changing(), 30), walk(Changing(), 100))


# Layouts: instances grow, change class, have slots, or a dict of their own.

class Grows:
    pass


class Other:
    def value(self):
        return "other"


class Slots:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a


def load(owner):
    try:
        return owner.a
    except AttributeError as error:
        return str(error)


def store(owner, value):
    owner.a = value
    return owner.a


def stores(owner, value):
    for _ in range(100):
        owner.a = value
    return owner.a


grows = Grows()
show("unset", often(load, grows))
show("set", often(store, grows, 1), often(load, grows))
for index in range(80):
    setattr(grows, f"b{index}", index)
show("grown", often(store, grows, 2), often(load, grows))
grows.__dict__ = {"a": 3}
show("another dict", often(load, grows), often(store, grows, 4), grows.__dict__)
slots = Slots(5)
show("slots", often(load, slots), often(store, slots, 6))
del slots.a
show("unset slot", often(load, slots), stores(slots, 8))
mixed = [Grows(), Slots(1), Point(1), Other(), Changing()]
for owner in mixed[:3]:
    store(owner, "mixed")
for owner in mixed * 60:
    result = load(owner)
show("several owners", [load(owner) for owner in mixed])


class First:
    def value(self):
        return "first"


class Second:
    def value(self):
        return "second"


def value(owner):
    return owner.value()


owner = First()
show("class", often(value, owner))
owner.__class__ = Second
show("another class", often(value, owner))
for owner in [First(), Second(), Other()] * 60:
    result = value(owner)
show("many classes", [value(owner) for owner in [First(), Second(), Other()]])
Second.value = First.value
show("taken over", [value(owner) for owner in [First(), Second(), Other()]])
try:
    value(3)
except AttributeError as error:
    show("none at all", error)


# A descriptor comes between.

class Loud:
    def __get__(self, owner, kind):
        return "loud"

    def __set__(self, owner, value):
        owner.__dict__["a"] = [value]


plain = Grows()
show("before", often(store, plain, 1))
Grows.a = Loud()
show("descriptor", often(store, plain, 2), plain.__dict__)
del Grows.a
show("without", often(load, plain))
Grows.__getattr__ = lambda self, name: f"no {name}"
del plain.a
show("hook", often(load, plain))
Grows.__setattr__ = lambda self, name, value: object.__setattr__(self, name, -value)
show("hook of stores", store(plain, 4))
del Grows.__setattr__, Grows.__getattr__


# Functions: code, defaults, names.

def add(a, b=1):
    return a + b


def calls(a):
    return add(a)


def calls_by_name(a):
    return add(a, b=10)


show("defaults", often(calls, 1), often(calls_by_name, 1))
add.__defaults__ = (5,)
show("other defaults", often(calls, 1), often(calls_by_name, 1))
add.__code__ = (lambda a, b=0: a * b).__code__
show("other code", often(calls, 3), often(calls_by_name, 3))
add.__defaults__ = None
try:
    calls(1)
except TypeError as error:
    show("no defaults", error)


def add(a, b=100):
    return a + b


show("other function", often(calls, 1))
add = str
show("no function", often(calls, 1))
del add
try:
    calls(1)
except NameError as error:
    show("deleted", error)


def length(items):
    return len(items)


show("builtin", often(length, [1, 2]))
len = lambda items: "shadowed"
show("shadowed", often(length, [1, 2]))
del len
show("builtin again", often(length, [1, 2]))


# Natives and methods of builtin classes, for subclasses and other values, too.

class Text(str):
    def upper(self):
        return "mine"


def natives(items, text):
    items.append(text.upper())
    items.append(text.find("b"))
    items.append(text.split("b", 1))
    items.append(min(items[1], 0))
    items.append(ord(text[0]))
    return items.pop()


show("natives", often(natives, [], "abc"))
items = []
natives(items, Text("abc"))
show("subclass", items)
try:
    natives([], b"abc")
except TypeError as error:
    show("bytes", error)
try:
    natives((), "abc")
except AttributeError as error:
    show("tuple", error)


# super()

class Base:
    def name(self):
        return "base"

    @classmethod
    def kind(cls):
        return cls.__name__


class Middle(Base):
    def name(self):
        return "middle " + super().name()


class Side(Base):
    def name(self):
        return "side " + super().name()


class Both(Middle, Side):
    def name(self):
        return "both " + super().name()

    @classmethod
    def kind(cls):
        return "both " + super().kind()


def name(owner):
    return owner.name()


for owner in [Both(), Middle(), Side()] * 50:
    result = name(owner)
show("super", [name(owner) for owner in [Both(), Middle(), Side()]], often(Both.kind))
Base.name = lambda self: "new base"
show("super, replaced", [name(owner) for owner in [Both(), Middle(), Side()]])
Both.__bases__ = (Side, Middle)
show("super, other bases", name(Both()))


# Recursion

def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)


class Deep:
    def down(self, n):
        return 0 if n == 0 else 1 + self.down(n - 1)


def endless(n):
    return endless(n + 1)


def catches():
    try:
        endless(0)
    except RecursionError as error:
        return str(error)


show("deep", often(deep, 200), often(Deep().down, 200))
show("endless", often(catches))
sys.setrecursionlimit(20000)
show("deeper", deep(15000), Deep().down(15000))
sys.setrecursionlimit(1000)


# Constructors

class Fails:
    def __init__(self, how):
        if how == 1:
            raise ValueError("no")
        if how == 2:
            return 3


def construct(how):
    try:
        return type(Fails(how)).__name__
    except (ValueError, TypeError) as error:
        return str(error)


show("constructors", [often(construct, how) for how in (0, 1, 2)])


def anything(kind, *args):
    return kind(*args)


def three(kind):
    return kind(1)


show("classes", [type(three(kind)).__name__ for kind in [Point, Slots, Fails.__class__, list().__class__.__class__] * 40][-4:-2])
Slots.__init__ = lambda self, a: setattr(self, "a", a * 2)
show("another __init__", three(Slots).a)


# Who looks sees the frames of compiled code.

def looks():
    frame = sys._getframe(1)
    return frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno


def looked_at(local):
    return looks()


show("frames", often(looked_at, 4))


class Dies:
    def __init__(self, log):
        self.log = log

    def __del__(self):
        self.log.append("died")


def replaces(owner, log):
    owner.held = Dies(log)
    owner.held = None
    return len_of(log)


def len_of(log):
    return log.count("died")


log = []
holder = Grows()
show("finalisers", [replaces(holder, log) for _ in range(60)][-1])


# Methods as values, which are bound.

def emits(n, emit):
    for i in range(n):
        emit(i)


def collects(items):
    emit = items.append
    emits(3, emit)
    say = point.sum
    return len(items), say()


show("bound methods", [collects([]) for _ in range(150)][-1])
