# Class methods and static methods asked of classes and instances, and stores to instances of several classes, in code that is hot.


class Level:
    order = 0

    def __init__(self, order):
        self.order = order

    @classmethod
    def higher(cls, a, b):
        return (cls.__name__, a.order > b.order)

    @classmethod
    def pick(cls, a, b):
        return a if cls.higher(a, b)[1] else b

    @staticmethod
    def middle(a, b):
        return (a.order + b.order) // 2


class Special(Level):
    @classmethod
    def higher(cls, a, b):
        return (cls.__name__, a.order >= b.order)


def ask(cls, a, b):
    return cls.higher(a, b), Level.higher(a, b), cls.pick(a, b).order


def statics(obj, a, b):
    return obj.middle(a, b), Level.middle(a, b)


low, high = Level(1), Level(4)
for i in range(300):
    result = ask(Level, low, high)
    halves = statics(low, low, high)
print(result, halves)
for i in range(300):
    result = ask(Special, high, high)
print(result)

# A class method that is changed, replaced, and made anew in place.
Level.higher = classmethod(lambda cls, a, b: ("replaced", cls is Level))
print(ask(Level, low, high), ask(Special, low, high))
method = Level.__dict__["pick"]
method.__init__(lambda cls, a, b: a)
print(ask(Level, low, high))
static = Level.__dict__["middle"]
static.__init__(lambda a, b: "anew")
print(statics(low, low, high))
Level.middle = lambda self, a, b: ("method", self.order)
try:
    print(low.middle(low, high))
    statics(low, low, high)
except TypeError as error:
    print(error)


# Stores to several classes: what is there, what is added, members of slots, properties.
class Base:
    def __init__(self):
        self.first = 0


class One(Base):
    pass


class Two(Base):
    def __init__(self):
        self.other = 1
        super().__init__()


class Slotted:
    __slots__ = ("first", "mark")


class Checked:
    @property
    def first(self):
        return self._first

    @first.setter
    def first(self, value):
        self._first = ("checked", value)


def store(obj, value):
    obj.first = value
    return obj.first


def mark(obj, value):
    obj.mark = value
    return obj.mark


things = [Base(), One(), Two()]
for i in range(600):
    thing = things[i % 3]
    store(thing, i)
    mark(type(thing)(), i)
print([vars(thing) for thing in things])
more = [Slotted(), Checked(), One(), Two()]
for i in range(600):
    store(more[i % 4], i)
    mark(more[i % 4], str(i))
print([store(thing, "x") for thing in more], [mark(thing, "y") for thing in more])
many = [type(f"C{i}", (Base,), {})() for i in range(9)]
for i in range(900):
    store(many[i % 9], i)
print([thing.first for thing in many])


class Frozen(Base):
    def __setattr__(self, name, value):
        raise AttributeError(f"frozen: {name}")


frozen = object.__new__(Frozen)
for thing in [Base(), frozen, One(), None, 5]:
    try:
        print(store(thing, 1))
    except AttributeError as error:
        print(error)


class Dying:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("dies", self.name)


for i, thing in enumerate(things):
    store(thing, Dying(i))
for i, thing in enumerate(things):
    store(thing, None)
