"""super in every position, cooperative inheritance, class cells, mangling."""


class Root:
    def __init__(self, **kw): print("Root", kw)
class A(Root):
    def __init__(self, a=0, **kw): print("A", a); super().__init__(**kw)
class B(Root):
    def __init__(self, b=0, **kw): print("B", b); super().__init__(**kw)
class C(A, B):
    def __init__(self, **kw): print("C"); super().__init__(**kw)
    @classmethod
    def make(cls): return super().__new__(cls)
    @staticmethod
    def name(): return __class__.__name__
    @property
    def who(self): return super().__repr__()[:7]
    def nested(self):
        def inner(): return super(C, self).__init__
        return inner().__qualname__
    def lambda_super(self): return (lambda: __class__)() is C, [super(C, self).__class__.__name__ for _ in range(1)]


c = C(a=1, b=2)
print(type(C.make()), C.name(), c.who, c.nested(), c.lambda_super())
class Private:
    __secret = 1
    def __init__(self): self.__x = 5; self.__y__ = 6
    def get(self): return self.__x, self.__secret
print(sorted(vars(Private())), Private().get(), Private._Private__secret)
for bad in (lambda: super(), lambda: super(5).x, lambda: super(A, 5), lambda: super(A, C()).missing if False else super(A, B)):
    try: bad()
    except (TypeError, RuntimeError, AttributeError) as error: print(type(error).__name__, error)
print(super(A, C(a=0)).__thisclass__, super(A, c).__self_class__, super(B, C).__init__ is Root.__init__)
class Late: pass
class User(Late): pass
Late.method = lambda self: "added later"
print(User().method())
User.__bases__ = (Private,)
print(User().get(), User.__mro__[1].__name__)
del Late.method
print(hasattr(Late(), "method"), C.__bases__, C.mro() == list(C.__mro__), C.__dict__["make"].__func__.__name__, type(C.__dict__))
class Meta(type):
    def mro(cls): return [cls, object]
class Odd(A, metaclass=Meta): pass
print(Odd.__mro__, issubclass(Odd, A), A in Odd.__bases__)
