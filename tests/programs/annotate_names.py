"""The names of the code that evaluates annotations."""

def f(x: int) -> str: pass
class A:
    y: int
    def m(self, z: A): pass
print(f.__annotate__.__code__.co_qualname, f.__annotate__.__qualname__, f.__annotate__.__code__.co_name)
print(A.m.__annotate__.__code__.co_qualname, A.m.__annotate__.__qualname__)
print(A.__annotate__.__code__.co_qualname, A.__annotate__.__qualname__)
def g():
    def h(a: int): pass
    class B:
        q: int
        async def m(self, z: A, *, k: int = 3): pass
    return h, B
h, B = g()
print(h.__annotate__.__code__.co_qualname, h.__annotate__.__qualname__)
print(B.__annotate__.__code__.co_qualname, B.__annotate__.__qualname__)
print(B.m.__annotate__.__code__.co_qualname, B.m.__annotate__.__qualname__)
type T[X: int = str] = list[X]
print(T.evaluate_value.__code__.co_qualname, T.__type_params__[0].evaluate_bound.__code__.co_qualname, T.__type_params__[0].evaluate_default.__code__.co_qualname)
def gen[Q: int](a: Q) -> Q:
    z: Q
    def inner(b: Q): pass
    return inner
print(gen.__annotate__.__code__.co_qualname, gen.__annotate__.__qualname__, gen.__qualname__, gen.__code__.co_qualname)
print(gen(1).__annotate__.__code__.co_qualname)
class GC[Q]:
    x: Q
    def mm[W](self, a: W): 
        def lol(b: W): pass
        return lol
print(GC.__annotate__.__code__.co_qualname, GC.mm.__annotate__.__code__.co_qualname, GC().mm(1).__annotate__.__code__.co_qualname,GC().mm(1).__annotate__.__qualname__)
z: int
print(__annotate__.__code__.co_qualname, __annotate__.__qualname__)
print(__annotate__.__code__.co_name)
def walk(c, d=0):
    for k in c.co_consts:
        if hasattr(k, 'co_code'):
            print(' '*d, k.co_name, k.co_qualname); walk(k, d+1)
import sys
walk(sys._getframe().f_code)
