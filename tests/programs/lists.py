"""Lists and tuples: methods, sorting, comparing, aliasing."""
a = [3, 1, 2]
a.append(0); a.extend("xy"); a.insert(1, "i"); a.insert(-100, "first")
print(a, a.pop(), a.pop(0), a.index(2), a.count(1), len(a))
a.remove("i")
a.reverse()
print(a, a.copy() == a, a * 2, [0] * 3, [[]] * 2, a + [1], 2 in a)
a.clear()
print(a, [1, 2] < [1, 3], [1] < [1, 0], [] == (), [1, [2]] == [1, [2]], (1, 2) + (3,), () * 5)
words = "banana Apple cherry apple date".split()
print(sorted(words), sorted(words, key=str.lower), sorted(words, key=len, reverse=True), min(words), max(words, key=len))
pairs = [(1, "b"), (0, "a"), (1, "a"), (0, "b")]
pairs.sort(key=lambda p: p[0])
print(pairs, sorted(pairs, key=lambda p: p[1], reverse=True))
from functools import cmp_to_key
print(sorted([5, 2, 9], key=cmp_to_key(lambda x, y: y - x)))
for bad in (lambda: sorted([1, "a"]), lambda: [].pop(), lambda: [1].index(2), lambda: [1].remove(2), lambda: [1] + (2,), lambda: (1,) + [2], lambda: [1][5], lambda: [] * "a", lambda: {[]: 1}, lambda: [1, 2].sort(1)):
    try:
        print(bad())
    except Exception as error:
        print(type(error).__name__, error)
recursive = [1]
recursive.append(recursive)
print(recursive, list(reversed([1, 2])), list(zip("ab", [1, 2, 3])), list(enumerate("ab", 1)), list(map(max, [1, 5], [3, 2])), list(filter(None, [0, 1, "", "a"])))


class Sneaky:
    def __init__(self, n): self.n = n
    def __lt__(self, other):
        victim.append(0)
        return self.n < other.n


victim = [Sneaky(2), Sneaky(1)]
try:
    victim.sort()
except ValueError as error:
    print(error)
numbers = [i * 7919 % 1000 for i in range(1000)]
print(sorted(numbers) == list(range(1000)), sorted(numbers, reverse=True)[:5])
mutating = [1, 2, 3]
for x in mutating:
    if x < 3: mutating.append(x + 10)
    if len(mutating) > 6: break
print(mutating)
try:
    print(list(zip([1], [1, 2], strict=True)))
except ValueError as error:
    print(error)
