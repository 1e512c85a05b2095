"""Runaway recursion raises RecursionError on every path, and the program goes on."""
import sys


def attempt(name, action):
    try:
        action()
    except RecursionError as error:
        print(name, "RecursionError")
    except Exception as error:
        print(name, type(error).__name__)
    else:
        print(name, "fine")


def survive(name, action):
    """Deep data: how deep is too deep depends on the native stack; what counts is that the program goes on."""
    try:
        action()
    except RecursionError:
        pass
    print(name, "survived")


def plain(): return plain()
class Rep:
    def __repr__(self): return repr(self)
class Eq:
    def __eq__(self, other): return self == other
class Attr:
    def __getattr__(self, name): return getattr(self, name)
class Add:
    def __add__(self, other): return self + other
class Call: pass
Call.__call__ = Call()
class It:
    def __iter__(self): return iter(self)
class Hash:
    def __hash__(self): return hash(self)
class Init:
    def __init__(self): Init()
class Ctx:
    def __enter__(self):
        with self: pass
    def __exit__(self, *a): pass


def generator(): yield from generator()
nested = []
for _ in range(100000): nested = [nested]
other = []
for _ in range(100000): other = [other]
deep = ()
for _ in range(100000): deep = (deep,)
attempt("call", plain)
attempt("repr", lambda: repr(Rep()))
attempt("eq", lambda: Eq() == 1)
attempt("getattr", lambda: Attr().x)
attempt("add", lambda: Add() + 1)
attempt("iter", lambda: iter(It()))
attempt("hash", lambda: hash(Hash()))
attempt("init", Init)
attempt("with", Ctx().__enter__)
attempt("generator", lambda: next(generator()))
survive("list repr", lambda: repr(nested))
survive("list equality", lambda: nested == other)
survive("tuple hash", lambda: hash(deep))
attempt("sorted key", lambda: (lambda f: f(f))(lambda f: sorted([1], key=lambda x: f(f))))
attempt("map", lambda: (lambda f: f(f))(lambda f: list(map(lambda x: f(f), [1]))))
survive("isinstance", lambda: isinstance(1, deep))
print(sys.getrecursionlimit())
def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
print(depth(900))
sys.setrecursionlimit(5000)
print(depth(4900))
try:
    sys.setrecursionlimit(0)
except ValueError as error:
    print(error)
