"""Attributes of strict modules, and of modules, in hot code, while the modules change."""
import types

try:
    from cinderx import StrictModule, strict_module_patch, strict_module_patch_delete
except ImportError:  # CPython: the same by hand.
    class StrictModule:
        def __init__(self, d, enable_patching):
            object.__setattr__(self, "_globals", d)

        def __getattribute__(self, name):
            if name == "patch":
                return lambda name, value: strict_module_patch(self, name, value)
            names = object.__getattribute__(self, "_globals")
            if name in names and names.get(f"<assigned:{name}>", True) is not False:
                return names[name]
            if "__getattr__" in names:
                return names["__getattr__"](name)
            raise AttributeError(f"strict module '{names['__name__']}' has no attribute '{name}'")

        def __setattr__(self, name, value):
            own = object.__getattribute__(self, "_globals")["__name__"]
            raise AttributeError(f"cannot modify attribute '{name}' of strict module {own}")

    def strict_module_patch(module, name, value):
        object.__getattribute__(module, "_globals")[name] = value

    def strict_module_patch_delete(module, name):
        del object.__getattribute__(module, "_globals")[name]


def add(a, b=2):
    return a + b


class Thing:
    def __init__(self, n):
        self.n = n


names = {"__name__": "m", "x": 1, "f": add, "Thing": Thing, "late": 5, "<assigned:late>": True}
module = StrictModule(names, True)


def constant():
    return module.x


def called(n):
    return module.f(n)


def made(n):
    return module.Thing(n).n


def late():
    return module.late


def stored():
    module.x = 3


def loop(n):
    total = 0
    for i in range(n):
        total += module.f(i)
    return total


def result(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def show(what):
    for _ in range(60):
        results = [result(constant), result(called, 3), result(made, 4), result(late), result(stored), result(loop, 5)]
    print(what, *results, sep=", ")


show("first")
strict_module_patch(module, "x", 2)
show("patched")
strict_module_patch(module, "f", lambda a: a * 100)
show("another function")
names["x"] = 7
show("changed inside")
names["<assigned:late>"] = False
show("no value")
names["<assigned:late>"] = True
show("a value again")
names["<assigned:x>"] = False
names["<assigned:f>"] = False
show("marks come")
del names["<assigned:x>"]
names["<assigned:f>"] = True
show("marks go")
strict_module_patch_delete(module, "x")
strict_module_patch_delete(module, "f")
show("deleted")
names["__getattr__"] = lambda name: "missing " + name
show("a hook")
module.patch("x", 9)
module.patch("f", add)
for index in range(20):
    names[f"other{index}"] = index
    results = [constant(), called(index), loop(3)]
print(results)
show("again")
module = StrictModule({"__name__": "second", "x": "second", "f": str, "Thing": Thing, "late": None}, False)
show("another module")
module = types.ModuleType("plain")
module.x, module.f, module.Thing, module.late = 0, add, Thing, ()
show("a plain module")


# A plain module whose names are those of the function's own globals.
def f(n):
    return "own"


module.f = f
for _ in range(60):
    called(1)
module.another = 1
module.f = add
print(called(1))


class Special(types.ModuleType):
    def __getattribute__(self, name):
        return lambda *args: (name, args)


for _ in range(60):
    called(1)
module.__class__ = Special
print(called(1))
module.__class__ = types.ModuleType
print(called(1))
