# Loops over instances of classes derived from list, with and without methods of their own; items appended one by one.
class L(list):
    pass
class M(list):
    def __iter__(self):
        return iter(["own"])
class N(list):
    def __len__(self):
        return 100
def total(items):
    result = 0
    for item in items:
        result += item if item != "own" else 1000
    return result, len(items)
kinds = [[1, 2], L([1, 2, 3])]
for i in range(6000):
    total(kinds[i % 2])
print(total(L([1, 2])), total([1]), total(M([1])), total(N([1])), total((1, 2)), total({1: 2}))
def grow(items):
    n = 0
    for item in items:
        n += 1
        if n < 5:
            items.append(item)
    return n
for i in range(6000):
    grow(L([1])); grow([1])
print(grow(L([1, 2])), grow([3]), grow(L()))
def change(items):
    for item in items:
        if item == 2:
            L.__iter__ = lambda self: iter("changed")
    return [x for x in items]
print(change(L([1])), change(L([1, 2, 3])))
del L.__iter__
print(change(L([1])))
for i in range(6000):
    total(kinds[i % 2])
def push(n):
    items = []
    for i in range(n):
        items.append(i)
    more = [x * 2 for x in items if x % 2]
    return len(items), len(more), items[-1:], more[-1:]
for i in range(3000):
    push(i % 40)
print(push(1000), push(0))
