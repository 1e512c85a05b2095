"""Generators that delegate to generators, hot enough for shadowcode: values, exceptions, tracebacks, stacks."""
import asyncio
import contextlib
import io
import traceback


class Tree:
    def __init__(self, left, value, right):
        self.left = left
        self.value = value
        self.right = right

    def __iter__(self):
        if self.left:
            yield from self.left
        yield self.value
        if self.right:
            yield from self.right


def tree(values):
    if not values:
        return None
    middle = len(values) // 2
    return Tree(tree(values[:middle]), values[middle], tree(values[middle + 1:]))


numbers = tree(range(1000))
print(all(list(numbers) == list(range(1000)) for _ in range(5)))


class Given:
    def __init__(self, iterator):
        self.iterator = iterator

    def __iter__(self):
        return self.iterator


def first(iterable):
    try:
        for item in iterable:
            return item
    except TypeError as error:
        return str(error)


for index in range(200):
    found = first(Given(5)), first(Given(iter([index]))), first(Given([1]))
print(found)


class Raises:
    def __iter__(self):
        raise ValueError("no items")


def loop(iterable):
    for _ in iterable:
        pass


for _ in range(100):
    try:
        loop(Raises())
    except ValueError as error:
        names = [entry.name for entry in traceback.extract_tb(error.__traceback__)]
print(names)


def inner(n):
    for index in range(n):
        try:
            sent = yield index
            if sent:
                print("got", sent)
        except KeyError as error:
            print("key", error)
            yield "caught"
    return "result"


def middle(n):
    result = yield from inner(n)
    return result + " passed on"


def outer(n):
    result = yield from middle(n)
    yield result


def drive():
    generator = outer(3)
    values = [next(generator), generator.send("sent"), generator.throw(KeyError("thrown"))]
    return values + list(generator)


for _ in range(150):
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        values = drive()
print(values, output.getvalue().split("\n"))


def deep(n):
    if n == 0:
        yield len(traceback.extract_stack())
        yield [entry.name for entry in traceback.extract_stack()][-3:]
        1 / 0
    else:
        yield from deep(n - 1)


for _ in range(100):
    values = []
    try:
        for value in deep(20):
            values.append(value)
    except ZeroDivisionError as error:
        depth = len(traceback.extract_tb(error.__traceback__))
print(values, depth)

generator = deep(3)
next(generator)
print(generator.gi_yieldfrom.__name__, generator.gi_frame.f_code.co_name, generator.gi_running)
generator.close()
print(generator.gi_frame, generator.gi_yieldfrom)


async def count(n):
    if n == 0:
        await asyncio.sleep(0)
        return 1
    return 1 + await count(n - 1)


async def items(n):
    for index in range(n):
        await asyncio.sleep(0)
        yield index


async def collect():
    return [item async for item in items(5)]


print([asyncio.run(count(10)) for _ in range(30)][-1])
print([asyncio.run(collect()) for _ in range(30)][-1])
