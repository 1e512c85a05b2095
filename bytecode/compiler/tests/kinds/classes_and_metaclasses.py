@a
class A(B, *C, metaclass=M, **K):
    x = 1
    __slots__ = 'y',
    def f(self): self.y = self.__z
    class D: pass
