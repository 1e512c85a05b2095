"""functools and operator."""
import functools
import operator

f = functools.partial(int, base=2)
print(f("101"), f.func is int, f.args, f.keywords, functools.partial(functools.partial(print, 1), 2).args, functools.reduce(operator.add, [1, 2, 3], 10))
calls = []


@functools.lru_cache(maxsize=2)
def slow(x, *, y=0):
    calls.append(x)
    return x * 2


print([slow(x) for x in (1, 2, 1, 3, 2, 1)], calls, slow.cache_info(), slow.cache_parameters())
slow.cache_clear()
print(slow.cache_info())


@functools.cache
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)


print(fib(200))


@functools.total_ordering
class Version:
    def __init__(self, n): self.n = n
    def __eq__(self, o): return self.n == o.n
    def __lt__(self, o): return self.n < o.n


print(Version(1) <= Version(1), Version(2) > Version(1), max(Version(1), Version(3)).n)


@functools.singledispatch
def show(x): return f"object {x}"
@show.register(int)
def _(x): return f"int {x}"
@show.register
def _(x: list | tuple): return f"sequence {len(x)}"


print(show("a"), show(1), show(True), show([1]), show((1, 2)), show.dispatch(bool)(5))


class Methods:
    def both(self, a, b): return a, b
    half = functools.partialmethod(both, "a")


print(Methods().half("b"), functools.partial(Methods.both, b=2)(None, 1), functools.partial(pow, functools.Placeholder, 2)(5))
get, item, call = operator.attrgetter("real", "imag"), operator.itemgetter(1, 0), operator.methodcaller("upper")
print(get(1 + 2j), item("ab"), call("x"), operator.index(True), operator.concat("a", "b"), operator.contains([1], 1), operator.itemgetter(slice(1, 3))("abcd"))
try:
    functools.reduce(operator.add, [])
except TypeError as error:
    print(error)
try:
    slow([])
except TypeError as error:
    print(error)
compose = lambda *fs: functools.reduce(lambda f, g: lambda x: g(f(x)), fs)
print(compose(str, len, range, list)(12345), sorted("bca", key=functools.cmp_to_key(lambda a, b: (a > b) - (a < b))))
