"""itertools."""
from itertools import *
import operator

print(list(chain("ab", [1])), list(chain.from_iterable(["ab", "c"])), list(islice(count(5, 2), 3)), list(islice(cycle("ab"), 5)), list(repeat(1, 2)))
print(list(accumulate([1, 2, 3])), list(accumulate([3, 1, 2], max)), list(accumulate([1, 2], operator.mul, initial=10)), list(batched("abcde", 2)), list(pairwise("abc")))
print(list(combinations("abc", 2)), list(combinations_with_replacement("ab", 2)), list(permutations("abc", 2)), list(product("ab", repeat=2)), len(list(product(range(3), "xy", [1]))))
print(list(compress("abcd", [1, 0, 1])), list(dropwhile(lambda x: x < 3, [1, 3, 1])), list(takewhile(lambda x: x < 3, [1, 3, 1])), list(filterfalse(None, [0, 1, ""])), list(starmap(pow, [(2, 3), (3, 2)])))
print([(k, list(g)) for k, g in groupby("aabbba")], [(k, len(list(g))) for k, g in groupby(range(10), lambda x: x // 4)], list(zip_longest("ab", "c", fillvalue="-")))
a, b = tee(iter("xyz"))
print(next(a), next(a), list(b), list(a), list(islice("abcdefg", 1, None, 2)), list(islice(range(10), 3)), next(count(1.5)), list(zip(count(), "ab")))
groups = groupby("aab")
first = next(groups)
second = next(groups)
print(list(first[1]), list(second[1]), repr(count(3)), repr(repeat("x")), repr(count(1, 2)), operator.length_hint(repeat(1, 5)))
for bad in (lambda: islice("a", -1), lambda: batched("a", 0), lambda: combinations("a", -1), lambda: next(iter(chain(5))), lambda: repeat(), lambda: list(batched("abc", 2, strict=True)), lambda: product("a", repeat=-1), lambda: islice("a", 1, 2, 0)):
    try:
        print(bad())
    except Exception as error:
        print(type(error).__name__, error)
print(list(permutations(range(3)))[-1], sum(1 for _ in permutations(range(5))), list(combinations(range(4), 0)), list(chain()), list(product()))
