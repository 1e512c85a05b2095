"""Classes: attributes, inheritance, method resolution, special methods, class and static methods."""


class Shape:
    count = 0

    def __init__(self, name):
        self.name = name
        type(self).count += 1

    def area(self):
        raise NotImplementedError

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r})"

    def __eq__(self, other):
        return isinstance(other, Shape) and self.name == other.name

    __hash__ = None


class Square(Shape):
    def __init__(self, side):
        super().__init__("square")
        self.side = side

    def area(self):
        return self.side ** 2

    @classmethod
    def unit(cls):
        return cls(1)

    @staticmethod
    def describe():
        return "four sides"


class A:
    def who(self): return "A"
class B(A):
    def who(self): return "B" + super().who()
class C(A):
    def who(self): return "C" + super().who()
class D(B, C):
    def who(self): return "D" + super().who()


s = Square(3)
print(s, s.area(), Square.unit().area(), s.describe(), Square.count, Shape.count)
print(s == Square(4), s != Shape("circle"))
print(D().who(), [c.__name__ for c in D.__mro__])
try:
    hash(s)
except TypeError as error:
    print(error)
try:
    class E(A, D): pass
except TypeError as error:
    print(error)
try:
    s.missing
except AttributeError as error:
    print(error, error.name, error.obj is s)
del s.side
print(vars(s), hasattr(s, "side"), getattr(s, "side", "gone"))
s.__class__ = A
print(s.who(), isinstance(s, Shape), issubclass(D, A))
