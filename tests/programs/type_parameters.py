"""Generic classes and functions, type aliases, lazily evaluated annotations."""
import annotationlib
import typing
from typing import Generic, Protocol, TypeVar, get_type_hints, runtime_checkable


def first[T](items: list[T]) -> T: return items[0]
class Box[T, *Ts, **P]:
    def __init__(self, x: T): self.x = x
    def get(self) -> T: return self.x
class Bounded[T: int = bool]: pass
type Pair[A] = tuple[A, A]
type Recursive = list[Recursive]


print(first.__type_params__, Box.__type_params__, Box[int, str, float, [int]], Box(5).get(), Box.__orig_bases__, Box.__parameters__)
print(Pair, Pair.__value__, Pair[int], Pair[int].__args__, Recursive.__value__, Bounded.__type_params__[0].__bound__, Bounded.__type_params__[0].__default__)


def later(x: Undefined, y: Later = None) -> "text": pass


class Later: attribute: Later; other: int = 5


print(get_type_hints(Later), annotationlib.get_annotations(later, format=annotationlib.Format.STRING), later.__annotate__ is not None)
try:
    later.__annotations__
except NameError as error:
    print(error)
print(annotationlib.get_annotations(later, format=annotationlib.Format.FORWARDREF)["y"])
U = TypeVar("U", int, str)
print(U, U.__constraints__, list[int], dict[str, list[int]], int | None, typing.Optional[int], typing.Union[int, str], typing.Callable[[int], str], typing.Literal[1, "a"], typing.Annotated[int, 5])
print(list[int].__origin__, list[int].__args__, list[U][str], list[int] == list[int], isinstance([], list), typing.get_args(dict[str, int]), typing.get_origin(int | str), (int | str) == (str | int), int | "x" if False else None)


class Old(Generic[U]): pass
@runtime_checkable
class Sized(Protocol):
    def size(self) -> int: ...
class HasSize:
    def size(self): return 1
class Movie(typing.TypedDict, total=False):
    title: typing.Required[str]
    year: int
class Emp(typing.NamedTuple):
    name: str
    id: int = 3


print(Old[int], isinstance(HasSize(), Sized), isinstance(5, Sized), Movie(title="x"), Movie.__required_keys__, Emp("a"), Emp._field_defaults, typing.NewType("N", int)(5), typing.cast(str, 5))
for bad in (lambda: list[int](5), lambda: isinstance([], list[int]), lambda: Old[int, str], lambda: Old[float], lambda: Sized(), lambda: int[str], lambda: typing.Optional[1, 2], lambda: int | 5, lambda: Generic[int]):
    try:
        print(bad())
    except TypeError as error:
        print(error)
x: int
y: typing.ClassVar[str] = "s"
print(__annotate__ is not None, annotationlib.get_annotations(__import__("__main__")))


@typing.overload
def o(x: int) -> int: ...
@typing.overload
def o(x: str) -> str: ...
def o(x): return x
print(len(typing.get_overloads(o)), o(1), typing.assert_type(5, int))
