"""Dataclasses."""
from dataclasses import dataclass, field, replace, asdict, astuple, fields, FrozenInstanceError, KW_ONLY


@dataclass(order=True)
class Item:
    name: str
    price: float = 1.0
    tags: list = field(default_factory=list, compare=False, repr=False)
    _: KW_ONLY
    count: int = 0

    def __post_init__(self):
        self.total = self.price * max(self.count, 1)


@dataclass(frozen=True, slots=True)
class Pair:
    a: int
    b: tuple = ()


i = Item("pen", 2.0, count=3)
print(i, i.total, i == Item("pen", 2.0, ["x"], count=3), i < Item("quill"))
print(asdict(i), astuple(i), [f.name for f in fields(Item)])
print(replace(i, name="ink"), Item.__match_args__)
p = Pair(1, (2,))
try:
    p.a = 5
except FrozenInstanceError as error:
    print(type(error).__name__, error)
print(hash(p) == hash(Pair(1, (2,))), {p: 1}[Pair(1, (2,))], hasattr(p, "__dict__"))
try:
    Item()
except TypeError as error:
    print(error)
try:
    @dataclass
    class Bad:
        x: list = []
except ValueError as error:
    print(error)
try:
    @dataclass
    class Bad:
        x: int = 1
        y: int
except TypeError as error:
    print(error)


@dataclass
class Child(Item):
    extra: str = "e"


print(Child("c", extra="z"), Child.__annotations__)
