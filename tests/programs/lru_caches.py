# functools.lru_cache: order of last use, bounds, kinds of arguments, errors, caches that are used while they are being used.
import functools
import gc
import random
import weakref


def show(cached):
    print(cached.cache_info())


calls = []


@functools.lru_cache(maxsize=3)
def square(x):
    calls.append(x)
    return x * x


for x in (1, 2, 3, 1, 4, 2, 1, 5, 4, 1):
    square(x)
print(calls)
show(square)
square.cache_clear()
show(square)
print(square(7), calls[-1])


@functools.lru_cache(maxsize=4, typed=True)
def typed(*args, **keywords):
    calls.append((args, sorted(keywords.items())))
    return len(calls)


calls.clear()
print(typed(1), typed(1.0), typed(True), typed(1), typed(a=1), typed(a=1.0), typed(1, 2), typed(1, 2.0), typed(1))
show(typed)
print(calls)


@functools.lru_cache(maxsize=2)
def fails(x):
    calls.append(x)
    if x < 0:
        raise ValueError(x)
    return x


calls.clear()
for x in (-1, -1, 1, 2, 1, -1, 2):
    try:
        fails(x)
    except ValueError as error:
        print("error", error)
print(calls)
show(fails)


@functools.lru_cache(maxsize=20)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


print(fibonacci(60))
show(fibonacci)


# As a model: the last results in a list.
@functools.lru_cache(maxsize=16)
def modelled(x):
    calls.append(x)
    return str(x)


calls.clear()
last, expected = [], []
generator = random.Random(5)
for _ in range(3000):
    x = int(generator.gauss(20, 8))
    modelled(x)
    if x in last:
        last.remove(x)
    else:
        expected.append(x)
        del last[:-15]
    last.append(x)
print(calls == expected, len(calls))


class Key:
    """Compares by Python, and uses the cache meanwhile."""

    def __init__(self, value, also=None):
        self.value, self.also = value, also

    def __hash__(self):
        return 1

    def __eq__(self, other):
        if self.also is not None:
            also, self.also = self.also, None
            also()
        return isinstance(other, Key) and self.value == other.value


@functools.lru_cache(maxsize=3)
def by_key(key):
    return key.value


for value in range(6):
    print(by_key(Key(value, lambda: [by_key(Key(other)) for other in range(value + 3)])), end=" ")
    print(by_key(Key(value, by_key.cache_clear)), end=" ")
print(by_key.cache_info().currsize <= 3)


class Argument:
    pass


argument = Argument()
reference = weakref.ref(argument)


@functools.lru_cache
def holds(x):
    return [x]


holds(argument)
del argument
print(reference() is not None)
holds.cache_clear()
print(reference() is None)
argument = Argument()
reference = weakref.ref(argument)
argument.cached = functools.lru_cache(holds.__wrapped__)
argument.cached(argument)
del argument
gc.collect()
print(reference() is None)
