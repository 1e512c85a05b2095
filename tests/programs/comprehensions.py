"""Comprehensions: nesting, conditions, scopes, assignment expressions."""
print([x * y for x in range(3) for y in range(x) if x + y])
print({x % 3 for x in range(10)}, {k: v for k, v in zip("abc", range(3))})
print([[row[i] for row in [[1, 2], [3, 4], [5, 6]]] for i in range(2)])
x = "kept"
print([x for x in range(3)], x)
print([last := n for n in range(4)], last)
print([(a, b) for a, *b in [(1, 2, 3), "xyz"]])


class Scope:
    items = [1, 2]
    doubled = [i * 2 for i in items]
    try:
        seen = [items for _ in range(1)]
    except NameError as error:
        seen = str(error)


print(Scope.doubled, Scope.seen)
gen = (print("evaluated", i) or i for i in [1, 2])
print("made")
print(next(gen))


def f():
    y = 10
    return [lambda: x + y for x in range(3)]


print([g() for g in f()])
print(list(map(str, (i for i in "ab"))), any(x > 2 for x in range(5)), all([]))
try:
    (1 for _ in 5)
except TypeError as error:
    print(error)
print(sum(x for x in range(101)), max((len(w), w) for w in "a bbb cc".split()))


async def collect():
    async def numbers():
        for i in range(3):
            yield i
    return [i async for i in numbers()], {i async for i in numbers() if i}


import asyncio
print(asyncio.run(collect()))
