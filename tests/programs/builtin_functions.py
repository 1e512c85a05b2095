"""Builtin functions."""
print(abs(-3), abs(3 - 4j), all([]), any([0]), bin(5), callable(len), chr(97), divmod(7, 3), format(3.14159, ".2f"), hex(255), len("abc"), max(1, 5, 3), max([], default=0), min("bca"), oct(8), ord("a"), pow(2, 10, 100), round(2.567, 1), sum([1, 2], 10), sum([[1], [2]], []))
print(list(range(10, 0, -3)), range(5)[::-1], range(0, 10, 2) == range(0, 9, 2), 4 in range(0, 10, 2), range(10).index(3), len(range(10 ** 10)), hash(range(0)) == hash(range(1, 1)))
print(isinstance(1, (str, int)), isinstance(1, int | None), issubclass(bool, int), type(5), type("X", (), {})().__class__.__name__, repr("x"), ascii("é"), hash("") == hash(b""), id(None) == id(None))
print(eval("x + y", {"x": 1}, {"y": 2}), eval(compile("3 * 4", "f", "eval")), exec("z = 5") or z, dir(type("D", (), {"b": 1, "a": 2})())[-2:])
namespace = {}
exec("def f(): return g()\ndef g(): return 'g'", namespace)
print(namespace["f"](), sorted(k for k in namespace if not k.startswith("__")), "__builtins__" in namespace)
print(list(map(lambda a, b: a + b, [1, 2], [10, 20])), list(filter(str.isupper, "aBcD")), list(zip(*[(1, 2), (3, 4)])), list(enumerate("ab", start=5)), list(reversed(range(3))), next(iter([]), "default"))
it = iter(lambda c=iter("abcSxyz"): next(c), "S")
print(list(it), getattr(3, "real"), hasattr(3, "foo"), setattr(namespace_type := type("N", (), {}), "q", 1), namespace_type.q, slice(1, 2).stop, bool([]), complex("1+2j"), bytes("é", "utf8"), memoryview(b"x")[0])
try:
    list(map(int, ["1"], [2, 3], strict=True))
except (ValueError, TypeError) as error:
    print(type(error).__name__, error)
for bad in ("abs('a')", "max()", "max([])", "min(1, 'a')", "next(iter([]))", "round('a')", "sum('ab')", "sum(['a'], '')", "ord('')", "hash([])", "isinstance(1, 1)", "issubclass(1, int)", "iter(5)", "next(5)", "reversed({1})", "type(1, 2)", "open(5.5)", "range(1.5)", "range(1, 2, 0)", "zip(5)", "enumerate(5)", "vars(5)", "super()", "eval('1 +')", "compile('x', 'f', 'bad')", "pow(1, 2, 0)", "__import__(5)", "getattr(1, 2)", "setattr(1, 'x', 2)", "delattr(object(), 'x')", "object(1)", "object().x", "object().x = 1" if False else "int.x", "divmod(1, 0)", "chr(10 ** 20)", "format(1, 'zz')", "print(sep=1)", "sorted(5)", "bytes('x', 'nope')", "list(1, 2)", "dict(1, 2)", "bool(1, 2)", "type('X', (5,), {})", "int(x=1)"):
    try:
        print(bad, eval(bad))
    except Exception as error:
        print(bad, type(error).__name__, error)
print(print, len, type(len), print.__doc__.splitlines()[0], __builtins__.__name__, NotImplemented, ..., __debug__)
print("a", "b", sep="", end="!\n", flush=True)
