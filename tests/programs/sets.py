"""Sets and frozen sets."""
a, b = {1, 2, 3}, {3, 4}
print(a | b, a & b, a - b, a ^ b, a <= {1, 2, 3, 4}, a < a, a.isdisjoint({9}), a >= {1}, a == {3, 2, 1})
a.add(10); a.discard(99); a.remove(1)
a |= {20}; a -= {2}; a &= {3, 10, 20, 30}; a ^= {3, 5}
print(sorted(a), len(a), 5 in a, sorted(a.union([1], (2,))), sorted(a.intersection([5, 10], [10])), sorted(a.difference([5])), sorted(a.symmetric_difference([5])))
print(frozenset([1, 2]) == {1, 2}, {frozenset([1]): "f"}[frozenset([1])], {frozenset()} == {frozenset()}, frozenset("a"), set(), type({1} | frozenset([2])).__name__, type(frozenset([2]) | {1}).__name__)
for bad in (lambda: {[]}, lambda: a.remove(99), lambda: set().pop(), lambda: a | [1], lambda: hash(set()), lambda: set(5), lambda: {1} < [2], lambda: frozenset().add(1)):
    try:
        print(bad())
    except Exception as error:
        print(type(error).__name__, error)
try:
    for x in a: a.add(x + 1000)
except RuntimeError as error:
    print(error)
print({1, True, 1.0}, {0, False}, {"x"} - {"x"}, set("hello") == set("ehlo"), {1} in [{1}], {1, 2}.issubset(range(5)), {*()} or "empty")
s = set(range(100))
s.difference_update(range(0, 100, 2)); s.intersection_update(range(50)); s.symmetric_difference_update({1, 2}); s.update([200], {300})
print(sorted(s)[:5], len(s), sum(s), sorted(s, reverse=True)[:3])
class S(set):
    def __repr__(self): return f"S{sorted(self)}"
print(sorted(S([2, 1]) | {3}), type(S() | S()).__name__, S("a").copy())
