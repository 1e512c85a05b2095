"""Structural pattern matching."""
from dataclasses import dataclass


@dataclass
class Point:
    x: int
    y: int


class Color:
    RED = 1


def kind(value):
    match value:
        case None | True | False:
            return "constant"
        case 0:
            return "zero"
        case -1 | 1.5 | 2j | "text" | b"bytes":
            return "literal"
        case Color.RED:
            return "value"
        case int(n) if n > 100:
            return f"big {n}"
        case int() | float() as number:
            return f"number {number}"
        case []:
            return "empty"
        case [x]:
            return f"one {x}"
        case [first, *_, last] if first == last:
            return f"ring {first}"
        case (a, b, *rest):
            return f"sequence {a} {b} {rest}"
        case {"kind": "point", "at": [x, y]}:
            return f"dict point {x} {y}"
        case {"kind": str(k), **rest}:
            return f"dict {k} {rest}"
        case Point(0, y=y):
            return f"on axis {y}"
        case Point(x, y):
            return f"point {x} {y}"
        case str():
            return "some text"
        case _:
            return f"other {type(value).__name__}"


for value in (None, True, 0, -1, 1.5, 2j, "text", b"bytes", 1, 500, 7, 2.5, [], [1], (1, 2, 1), [1, 2, 3], range(3),
              {"kind": "point", "at": [1, 2]}, {"kind": "box", "w": 3}, {}, Point(0, 5), Point(1, 2), "other", {1}):
    print(repr(value), "->", kind(value))


class Bad:
    __match_args__ = ("a",)


try:
    match Bad():
        case Bad(1, 2):
            pass
except TypeError as error:
    print(error)
match 5:
    case x:
        print("bound", x)
