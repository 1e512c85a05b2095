# The heap made immortal: what lives is not counted any more and is never freed, what comes later is.
# The expected output is written by hand: CPython has no such thing.
import cinder
import cinderx
import gc
import sys
import weakref


class Node:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("deleted", self.name)


class Slotted:
    __slots__ = ("value", "__weakref__")


def closure(value):
    def inner():
        return value, (1 << 80, "a constant that is no name", (1.5e300, b"bytes"))
    return inner


# Immortal from the start.
for value in (None, True, 7, -(1 << 61), 1.5, "name", (), b"", ..., NotImplemented, int, len.__class__):
    assert gc.is_immortal(value), value
# Mortal before.
node, slotted, function = Node("node"), Slotted(), closure([1])
slotted.value = {"key": node, 1: (2, [3, {4}])}
cycle = []
cycle.append(cycle)
text = "".join(["a text ", "made at run time"])
big = 1 << 100
pair = (text, big)
values = {"node": node, "slotted": slotted, "function": function, "cycle": cycle, "text": text, "big": big, "pair": pair}
print([gc.is_immortal(value) for value in values.values()], gc.is_immortal(values), gc.is_immortal(Node))

garbage = Node("garbage")
garbage.self = garbage
del garbage
reference = weakref.ref(slotted)

print(gc.immortalize_heap())

print([gc.is_immortal(value) for value in values.values()], gc.is_immortal(values), gc.is_immortal(Node))
print(cinder.is_immortal(node), cinderx.is_immortal(slotted.value[1][1]), cinderx.is_immortal([]))
# Nested things, dicts of instances and code objects with all they hold.
print(gc.is_immortal(node.__dict__) or gc.is_immortal(node.name), gc.is_immortal(slotted.value[1][1][1]))


def nested_constants(code):
    for constant in code.co_consts:
        yield constant
        if hasattr(constant, "co_consts"):
            yield from nested_constants(constant)


print(all(gc.is_immortal(constant) for constant in nested_constants(closure.__code__)), gc.is_immortal(closure.__code__))
print(gc.is_immortal(function.__closure__[0]), gc.is_immortal(function.__closure__[0].cell_contents))

# Using it does not change its count.
before = sys.getrefcount(node), sys.getrefcount(text), sys.getrefcount(values)
held = [node, text, values] * 1000
print(before == (sys.getrefcount(node), sys.getrefcount(text), sys.getrefcount(values)))
del held

# What is immortal works as ever, may be changed, and holds what is mortal.
node.name = "renamed"
slotted.value["new"] = Node("new")
del slotted.value["new"]
node.later = later = Node("later")
del later, node.later
cycle.append(Node("in a list"))
cycle.clear()
values.clear()
del node, cycle, function
gc.collect()
print(reference() is slotted, gc.get_freeze_count() > 1000)

# Garbage that is made later is found.
fresh = Node("fresh")
fresh.self = fresh
print(gc.is_immortal(fresh), gc.is_tracked(fresh))
del fresh
gc.collect()
# So are cycles with an immortal object in them, which they do not keep the rest from dying with.
slotted.value = Node("held")
slotted.value.holder = slotted
gc.collect()
print(slotted.value.name)
slotted.value = None

# Once more, with what has come since.
later = [Node("kept")]
cinderx.immortalize_heap()
print(gc.is_immortal(later), gc.is_immortal(later[0]))
del later
cinder.immortalize_heap()
for round in range(3):
    junk = [[] for _ in range(5000)]
    for item in junk:
        item.append(item)
    del junk, item
    print(gc.collect() >= 5000 or gc.get_stats()[0]["collected"] > 0)
