"""super().name in hot code, while classes, bases and receivers change."""


def result(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def hot(function, *args):
    for _ in range(60):
        value = result(function, *args)
    return value


class Base:
    kind = "base"

    def __init__(self, a, b=2):
        self.a = a
        self.b = b

    def area(self, scale=1):
        return self.a * self.b * scale

    @property
    def text(self):
        return f"<{self.a}>"

    @classmethod
    def make(cls, a):
        return cls(a)

    @staticmethod
    def double(n):
        return n * 2


class Middle(Base):
    pass


class Other:
    kind = "other"

    def area(self, scale=1):
        return "other area"


class Leaf(Middle):
    def __init__(self, a, b=5, *, c=7):
        super().__init__(a, b)
        self.c = c

    def area(self, scale=1):
        return super().area(scale) + self.c

    def keywords(self):
        return super().area(scale=10)

    def star(self, *args, **names):
        return super().area(*args, **names)

    def bound(self):
        method = super().area
        return method()

    def kinds(self):
        return super().kind

    @property
    def text(self):
        return super().text + "!"

    @classmethod
    def make(cls, a):
        return super().make(a + 1)

    @staticmethod
    def static(self):
        return super(Leaf, self).area()

    def double(self, n):
        return super().double(n)

    def missing(self):
        return super().missing()

    def own(self):
        return super().__class__ is super, super().__thisclass__ is Leaf, super().__self__ is self


class Twig(Leaf):
    def area(self, scale=1):
        return super().area(scale) + 0.5


class Bud(Leaf):
    pass


leaf = Leaf(3)


def show(what, object=leaf):
    print(what)
    calls = (
        object.area, object.keywords, lambda: object.star(2), lambda: object.star(scale=3), object.bound, object.kinds,
        lambda: object.text, lambda: object.make(1).a, lambda: Leaf.static(object), lambda: object.double(4), object.missing, object.own,
    )
    print("   ", *[hot(call) for call in calls], sep=", ")


show("first")
show("a subclass", Twig(4))
show("another", Bud(5))
show("the first again")
Base.area = lambda self, scale=1: ("changed", scale).__len__()
show("the method changed")
Middle.area = lambda self, scale=1: 1000 * scale
show("one between")
del Middle.area
show("and gone")
Middle.__bases__ = (Other, Base)
show("other bases")
Middle.__bases__ = (Base,)
show("the old bases")
Base.kind = property(lambda self: f"kind of {self.a}")
show("a property")
Base.kind = "plain"
leaf.__class__ = Twig
show("another class")
leaf.__class__ = Leaf
Base.double = lambda self, n: (n, self.a)
Base.missing = lambda self: "there"
show("what was missing")


# Many classes of receivers for one site.
class Mixin:
    def __init__(self, *args):
        self.seen = True
        super().__init__(*args)

    def name(self):
        return "mixed " + super().name()


class One:
    def __init__(self, n=1):
        self.n = n

    def name(self):
        return f"one {self.n}"


class Two:
    def name(self):
        return "two"


kinds = [type(f"K{i}", (Mixin, One if i % 2 else Two), {}) for i in range(3)]
for _ in range(40):
    names = [kind().name() for kind in kinds]
print(names)
kinds += [type(f"L{i}", (Mixin, One if i % 3 else Two), {}) for i in range(12)]
for _ in range(40):
    names = [kind().name() for kind in kinds]
print(names)


# Classes as receivers, and as instances of a metaclass.
class Meta(type):
    def __new__(mcs, name, bases, namespace):
        return super().__new__(mcs, name, bases, {**namespace, "extra": name})

    def __call__(cls, *args):
        return super().__call__(*args), cls.extra

    def who(cls):
        return super().__repr__().startswith("<class")


class Made(metaclass=Meta):
    def __init__(self, n=0):
        super().__init__()
        self.n = n

    def __new__(cls, *args):
        return super().__new__(cls)

    def __init_subclass__(cls, **names):
        super().__init_subclass__(**names)
        cls.subclassed = True


class Made2(Made):
    pass


class Meta2(Meta, metaclass=Meta):
    def who(cls):
        return "meta2", super().who()


for _ in range(60):
    made = Made(3), Made2(4)
    who = Made.who(), Made2.who(), result(lambda: Meta.who(Meta2))
    new = Meta("New", (Made,), {})
print(made[0][0].n, made[0][1], made[1][0].n, made[1][1], who, new.subclassed, new.extra)


# A receiver that only says what it is.
class Liar:
    __class__ = Leaf
    a, b, c = 2, 3, 4


print(hot(lambda: Leaf.kinds(Liar())))
print(hot(lambda: Leaf.area(Liar())))
print(hot(lambda: Leaf.area(5)))


# Code that several classes share.
def build(base):
    class Shared(base):
        def name(self):
            return "shared " + super().name()

    return Shared


shared = [build(One), build(Two), build(Mixin)]
for _ in range(60):
    names = [result(kind().name) for kind in shared]
print(names)


# Another `super`.
class Shadowed(One):
    def name(self):
        return super().name()


for _ in range(60):
    name = Shadowed().name()
print(name)
real = super
super = lambda *args: type("S", (), {"name": lambda self: f"shadowed {len(args)}"})()
print(hot(Shadowed().name))
del super
print(hot(Shadowed().name))
super = lambda *args: real(Shadowed, args[0]) if args else 1 / 0
print(hot(Shadowed().name))
del super


# What was found becomes a descriptor, and stops being one.
class Value:
    pass


class Holder:
    value = Value()


class Holds(Holder):
    def get(self):
        return type(super().value).__name__

    def call(self):
        return super().value()


holds = Holds()
print(hot(holds.get), hot(holds.call))
Value.__get__ = lambda self, instance, owner: (lambda: "got")
print(hot(holds.get), hot(holds.call))
del Value.__get__
Value.__call__ = lambda self: "called"
print(hot(holds.get), hot(holds.call))


# The class dies, or its cell is emptied.
def forget():
    class Temporary(One):
        def name(self):
            return super().name()

        def lose(self):
            nonlocal Temporary
            return __class__

    made = Temporary(9)
    names = [made.name() for _ in range(60)]
    Temporary.name.__closure__[0].cell_contents = One
    names.append(result(made.name))
    del Temporary.name.__closure__[0].cell_contents
    names.append(result(made.name))
    return names[0], names[-2:]


print(forget())


class Raises(One):
    def name(self):
        if self.n > 50:
            raise ValueError(super().name())
        return super().name()


print([result(Raises(n).name) for n in range(0, 60, 10)])


class Deep(One):
    def name(self):
        return super().name() + ("" if self.n == 0 else Deep(self.n - 1).name())


print(hot(Deep(5).name))
