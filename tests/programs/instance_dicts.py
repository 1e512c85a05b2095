"""The dict of an instance and the instance itself show the same attributes, however either is changed."""

import copy
import gc
import pickle
import sys


class Plain:
    pass


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def norm(self):
        return self.x * self.x + self.y * self.y


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)


def attempt(what, *args):
    try:
        return what(*args)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def both_sides():
    p = Point(3, 4)
    d = p.__dict__
    print(type(d) is dict, d is p.__dict__, vars(p) is d, d, len(d))
    p.x = 5
    d["y"] = 6
    print(d, p.y, p.norm())
    p.z = 7
    d["w"] = 8
    print(d, p.w, list(d), list(d.items()), list(reversed(d)))
    print("z" in d, "q" in d, d.get("q"), d.get("".join(["", "w"])), d["".join(["x", ""])])
    d.update({"x": 1, "new": 2}, other=3)
    print(p.x, p.new, p.other, {**d}, d | {"x": 0}, {"x": 0} | d)
    d |= {"last": 9}
    print(p.last, d.pop("last"), hasattr(p, "last"), d.popitem(), hasattr(p, "other"))
    print(d.setdefault("x", 100), d.setdefault("s", 200), p.s)
    print(attempt(lambda: d["nothing"]), attempt(d.pop, "nothing"), attempt(lambda: p.nothing))
    print(d == {"x": 1, "y": 6, "z": 7, "w": 8, "new": 2, "s": 200}, d != dict(d), d.copy() == d, d.copy() is d)
    print(sorted(d.keys() & {"x", "y"}), d.keys() - {"x"} == set(d) - {"x"}, sorted(d.values()))
    print(repr(d), str(d) == repr(d), bool(d), d.keys(), d.values(), d.items())


def loops():
    p = Point(0, 0)
    d = vars(p)
    for i in range(300):
        p.x = p.x + 1
        d["y"] += p.x
        if i % 100 == 99:
            p.extra = i
            print(d, p.extra)
            del d["extra"]
    print(p.x, p.y, d)


def order():
    p = Plain()
    p.a, p.b, p.c = 1, 2, 3
    d = p.__dict__
    del p.a
    p.a = 4
    print(d, p.__dict__ is d)
    del d["b"]
    d["b"] = 5
    p.e = 6
    print(d, list(vars(p)), p.a, p.b, p.c, p.e)
    del p.e
    p.f = 7
    print(d, p.f, attempt(lambda: p.e))
    for name in list(d):
        delattr(p, name)
        print(name, d)
    p.a = 1
    print(d, p.__dict__)
    for _ in range(3):
        first = next(iter(d))
        d[first + "x"] = d.pop(first)
        print(d, vars(p))
    q = Plain()
    for i in range(400):
        setattr(q, f"n{i}", i)
        if i >= 4:
            delattr(q, f"n{i - 4}")
    print(vars(q), q.n399)


def iterating():
    p = Plain()
    p.a, p.b, p.c = 1, 2, 3
    d = p.__dict__
    seen = []
    for name in d:
        setattr(p, name, 10)
        seen.append(name)
    print(seen, d)

    def grow():
        for name in d:
            setattr(p, name + "_", 1)

    print(attempt(grow), d)
    del p.a_

    def shrink():
        for name in d:
            delattr(p, name)

    print(attempt(shrink), d)
    iterator = iter(d.items())
    print(next(iterator), iterator.__length_hint__())
    p.d = 4
    print(attempt(next, iterator), attempt(next, iterator))
    iterator = iter(d)
    print(next(iterator))
    p.__dict__ = {}
    print(list(iterator), d, vars(p))
    p.a, p.b = 1, 2
    iterator = iter(vars(p))
    d = vars(p)
    del p
    print(list(iterator), d)


def survival():
    p = Point([1], [2])
    d = p.__dict__
    del p
    gc.collect()
    print(d, sys.getrefcount(d["x"]) == sys.getrefcount(d["y"]))
    d["x"].append(3)
    d["z"] = 1
    del d["y"]
    print(d)
    p = Point(1, 2)
    p.me = p
    d = p.__dict__
    del p
    gc.collect()
    print(list(d), d["me"].x, d["me"].__dict__ is d)
    d["me"].x = 10
    print(d["x"])
    d["me"] = None
    gc.collect()
    print(d)
    p = Plain()
    p.own = p.__dict__
    del p
    gc.collect()
    p = Plain()
    p.noisy = Noisy("kept by the dict")
    d = vars(p)
    del p
    print("instance gone")
    del d
    p = Plain()
    p.noisy = Noisy("kept by the instance")
    d = vars(p)
    del d
    print("dict gone")
    del p
    p = Plain()
    p.noisy, p.other = Noisy("first"), Noisy("second")
    vars(p)
    del p


def cycles():
    p, q = Plain(), Plain()
    p.noisy = Noisy("cycle by way of dicts")
    p.other, q.other = q.__dict__, p.__dict__
    del p, q
    gc.collect()
    p = Plain()
    p.noisy = Noisy("its own dict")
    p.own = p.__dict__
    del p
    gc.collect()
    p = Plain()
    p.noisy = Noisy("a list")
    items = [p.__dict__]
    p.items = items
    items.append(items)
    del p
    print("the list has it")
    gc.collect()
    del items
    gc.collect()
    p = Plain()
    p.me, p.noisy = p, Noisy("only the dict is held")
    d = vars(p)
    del p
    gc.collect()
    print(list(d))
    del d
    gc.collect()
    p = Plain()
    d = vars(p)
    d["d"] = d
    d["p"] = p
    d["noisy"] = Noisy("everything")
    del p, d
    gc.collect()


class Resurrected:
    kept = None

    def __init__(self):
        self.a = 1

    def __del__(self):
        Resurrected.kept = self


def resurrection():
    r = Resurrected()
    d = r.__dict__
    del r
    r = Resurrected.kept
    r.b = 2
    print(d, r.__dict__ is d)
    Resurrected.kept = None
    del r
    print(d)


class Slotted:
    __slots__ = ("s", "__dict__", "__weakref__")


class Derived(Slotted):
    __slots__ = ("t",)


def slots():
    for class_ in (Slotted, Derived):
        o = class_()
        o.s = 1
        o.a = 2
        d = vars(o)
        d["s"] = "hidden"
        o.b = 3
        print(d, o.s, o.a, o.b, vars(o) is d)
        del o.s
        print(attempt(lambda: o.s), d)
        if class_ is Derived:
            o.t = d
            d["t"] = 1
            print(o.t is d, d)


def assignment():
    p, q = Point(1, 2), Point(3, 4)
    d = p.__dict__
    p.__dict__ = {"x": 10, "y": 20}
    print(p.x, p.norm(), d, vars(p) is d)
    d["x"] = 5
    print(p.x)
    q.__dict__ = q.__dict__
    q.z = 1
    print(vars(q))
    # Two instances with one dict.
    a, b = Plain(), Plain()
    a.x = 1
    b.__dict__ = a.__dict__
    b.y = 2
    a.z = 3
    print(vars(a), vars(b), vars(a) is vars(b), a.y, b.z)
    for i in range(100):
        b.x += 1
        a.x += 1
    print(a.x, b.x)
    del a
    b.w = 4
    print(vars(b), b.x)
    del p.__dict__
    print(p.__dict__, attempt(lambda: p.x))
    print(attempt(setattr, p, "__dict__", [1]))
    c = Plain()
    c.a = 1
    d = c.__dict__
    del c.__dict__
    c.b = 2
    print(d, vars(c))


def strange_keys():
    class Text(str):
        pass

    class Equal:
        def __hash__(self):
            return hash("a")

        def __eq__(self, other):
            return other == "a"

    for key in (Text("a"), Equal(), 1, None, (1, 2), Text("z"), "with space", "run" + "time"[:2] + str(5), "", "é"):
        p = Plain()
        p.a, p.b = 1, 2
        d = vars(p)
        before = key in d
        found = d.get(key)
        d[key] = 3
        p.c = 4
        names = [type(name).__name__ for name in d]
        print(before, found, p.a, p.b, p.c, names, len(d), d.pop(key), len(d), vars(p) is d)
    p = Plain()
    d = vars(p)
    print(attempt(d.__setitem__, [], 1), attempt(d.get, {}), d)
    d.update((str(i), i) for i in range(100))
    print(len(d), getattr(p, "57"), sum(d.values()))
    d.clear()
    p.x = 1
    print(d, p.__dict__ is d)
    d.clear()
    print(d, attempt(lambda: p.x), len(vars(p)))
    d["x"] = 2
    print(p.x)
    for i in range(100):
        setattr(p, f"many{i}", i)
    print(len(d), d["many99"], p.many0, list(d)[:3])
    print(attempt(setattr, p, 1, 2))


class A:
    def who(self):
        return "A", self.x


class B:
    def who(self):
        return "B", self.x, self.y

    def x(self):
        return "method"


def classes():
    o = A()
    o.x = 1
    d = vars(o)
    o.__class__ = B
    o.y = 2
    print(o.who(), d, vars(o) is d)
    d["x"] = 3
    o.__class__ = A
    print(o.who(), d, vars(o) is d)
    p = B()
    d = vars(p)
    print(p.x())
    d["x"] = lambda: "attribute"
    print(p.x())
    del d["x"]
    print(p.x())
    B.later = property(lambda self: "property")
    d["later"] = 1
    print(p.later, d)


def copies():
    p = Point([1], {"a": 2})
    vars(p)
    for other in (copy.copy(p), copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        print(vars(other) == vars(p), other.x is p.x, other.__dict__ is p.__dict__, other.norm.__name__)
        other.x = 0
        vars(other)["k"] = 1
        print(vars(p), vars(other))
    dumped = pickle.loads(pickle.dumps([p, p.__dict__]))
    print(dumped[0].__dict__ == dumped[1])
    print(copy.deepcopy(vars(p)), copy.copy(vars(p)) is vars(p))


def namespaces():
    p = Plain()
    p.a = 1
    exec("b = a + 1\ndef f():\n    global c\n    c = a + b\n    return c", vars(p))
    print(p.b, p.f(), p.c)
    p.a = 10
    print(p.f(), p.c)
    for i in range(200):
        p.a = i
        if p.f() != i + 2:
            print("stale", i)
    del p.b
    print(attempt(p.f))
    p.b = "text"
    p.a = "more "
    print(p.f(), sorted(name for name in vars(p) if name[0] != "_"))
    q = Plain()
    q.x = 1
    exec("y = x + 1; x = 5; del x", {}, vars(q))
    print(vars(q), eval("y + z", {"z": 3}, vars(q)))
    keywords = dict(**vars(q), w=1)
    print(keywords, (lambda **k: k)(**vars(q)))
    match vars(q):
        case {"y": value, **rest}:
            print(value, rest)


def self_destruction():
    p = Plain()
    p.me = p
    p.a = Noisy("by clear")
    d = vars(p)
    del p
    d.clear()
    print(d)
    p = Plain()
    p.me, p.a = p, 1
    d = vars(p)
    del p
    d["me"] = 0
    print(d)
    p = Plain()
    p.a, p.me, p.b = 1, p, 2
    d = vars(p)
    del p
    print(d.pop("me").b, d)
    p = Plain()
    p.a, p.me = 1, p
    d = vars(p)
    del p
    del d["me"].me
    print(d)
    p = Plain()
    p.me = p
    p.__dict__ = {}
    print(vars(p))


for test in (
    both_sides,
    loops,
    order,
    iterating,
    survival,
    cycles,
    resurrection,
    slots,
    assignment,
    strange_keys,
    classes,
    copies,
    namespaces,
    self_destruction,
):
    print("---", test.__name__)
    test()
    gc.collect()
