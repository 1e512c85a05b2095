"""Global and builtin names in hot code: shadowed, deleted, patched, and code with several globals."""
import builtins
import types

x = 1
counter = 0


def read():
    return x, len


def count():
    global counter
    counter += 1
    return counter


for _ in range(100):
    read()
    count()
print(counter)

namespace = {"x": "other", "__builtins__": {"len": "no function"}}
other = types.FunctionType(read.__code__, namespace)
print(other(), read()[0], read()[1] is len)
for _ in range(100):
    found = other(), read()[0]
print(found)


def undefined():
    return undefined_name


def attempt(function):
    try:
        return function()
    except NameError as error:
        return str(error)


for _ in range(100):
    found = attempt(undefined)
undefined_name = 5
print(found, attempt(undefined), attempt(undefined))
del undefined_name
print(attempt(undefined), attempt(undefined))


def absolute():
    return abs(-3)


for _ in range(100):
    absolute()
abs = lambda value: "shadowed"
print(absolute())
del abs
print(absolute())
original, builtins.abs = builtins.abs, lambda value: "patched"
print(absolute())
builtins.abs = original
print(absolute())

builtins.added = 7


def read_added():
    return added


for _ in range(100):
    read_added()
print(read_added())
added = 8
print(read_added())
del added
print(read_added())
del builtins.added
print(attempt(read_added))

code = compile("def value_of():\n  return value\nresult = [value_of() for _ in range(100)][-1]", "source", "exec")
for value in range(5):
    scope = {"value": value}
    exec(code, scope)
    print(scope["result"], end=" ")
print()


def grow():
    total = 0
    for index in range(300):
        globals()[f"key{index}"] = index
        total += x
    return total


print(grow())
for index in range(300):
    del globals()[f"key{index}"]
print(read()[0])
globals().update(x=99)
print(read()[0])
