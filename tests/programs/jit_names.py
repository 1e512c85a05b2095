"""Global names that get other values, by every way there is, while compiled code that counts on them runs."""

import builtins
import sys


def f():
    return 1


def first():
    return 1


def second():
    return 2


class C:
    def __init__(self, x=0):
        self.x = x


class D(C):
    def __init__(self, x=0):
        self.x = x + 100


def change():
    pass


def run(rounds, when, change):
    total = 0
    for i in range(rounds):
        total += f() + len("abc") + C(i).x
        if i == when:
            change()
    return total


def nothing():
    pass


def warm():
    for _ in range(1200):
        run(20, -1, nothing)


def by_statement():
    global f
    f = second


def by_dict():
    globals()["f"] = first


def by_module():
    sys.modules[__name__].f = second


def by_update():
    globals().update(f=first, C=D)


def by_other_string():
    globals()["".join(["f"])] = second


def by_exec():
    exec("def f(): return 3\nC = int", globals())
    globals()["C"] = original


def by_shadowing():
    global len
    len = lambda text: 50


def by_deletion():
    global len
    del len


def by_builtins():
    builtins.len = lambda text: 70


def by_builtins_again():
    builtins.len = real


def by_adding_many():
    for i in range(200):
        globals()[f"other_{i}"] = i


def by_pop():
    globals().setdefault("f", None)
    globals()["f"] = globals().pop("f")


def by_an_error():
    global f
    del f


original, real = C, len
ways = [
    by_statement,
    by_dict,
    by_module,
    by_update,
    by_other_string,
    by_exec,
    by_shadowing,
    by_deletion,
    by_builtins,
    by_builtins_again,
    by_adding_many,
    by_pop,
]
for way in ways:
    warm()
    before = run(20, -1, nothing)
    during = run(20, 9, way)
    print(way.__name__, before, during, run(20, -1, nothing))
warm()
try:
    run(20, 9, by_an_error)
except NameError as error:
    print(error)
f = first
print(run(20, -1, nothing))
