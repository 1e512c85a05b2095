"""Enumerations and flags."""
from enum import Enum, IntEnum, Flag, IntFlag, StrEnum, auto, unique


class Color(Enum):
    RED = 1
    GREEN = 2
    CRIMSON = 1

    def describe(self): return f"{self.name.lower()}={self.value}"


print(list(Color), Color.RED, repr(Color.GREEN), Color(2), Color["RED"], Color.CRIMSON is Color.RED, Color.RED.describe())
print(Color.__members__.keys(), Color.RED in Color, 1 in Color, len(Color), isinstance(Color.RED, Color))
for call in (lambda: Color(9), lambda: Color["BLUE"], lambda: setattr(Color, "RED", 3)):
    try:
        call()
    except (ValueError, KeyError, AttributeError) as error:
        print(type(error).__name__, error)


class Perm(Flag):
    R = auto()
    W = auto()
    X = auto()
    RW = R | W


print(Perm.RW, Perm.R | Perm.X, ~Perm.R, Perm.RW & Perm.W, bool(Perm.R & Perm.W), list(Perm.RW), Perm(5), repr(Perm(0)))


class Level(IntEnum):
    LOW = 1
    HIGH = 10


print(Level.HIGH > Level.LOW, Level.LOW + 1, f"{Level.HIGH}", sorted(Level), Level.HIGH == 10, {Level.LOW: "x"}[1])


class Word(StrEnum):
    HELLO = auto()
    BYE = "farewell"


print(Word.HELLO, Word.BYE.upper(), Word("hello"), f"{Word.BYE!r}")


class Planet(Enum):
    EARTH = (5.97e24, 6.37e6)
    def __init__(self, mass, radius): self.mass, self.radius = mass, radius
    @property
    def heavy(self): return self.mass > 1e24


print(Planet.EARTH.heavy, Planet.EARTH.value)
try:
    @unique
    class Twice(Enum):
        A = B = 1
except ValueError as error:
    print(error)
Functional = Enum("Functional", "ONE TWO")
print(list(Functional), IntFlag("F", "A B C")(3))
