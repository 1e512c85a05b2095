# Callbacks of the collector are called for collections that the program did not ask for, too; tuples without anything that
# could be part of a cycle are not looked at any more.
import gc

calls = []


def callback(phase, info):
    calls.append((phase, sorted(info)))


gc.collect()
gc.callbacks.append(callback)
kept = [[] for _ in range(gc.get_threshold()[0] * 3)]
gc.callbacks.remove(callback)
print(len(calls) > 1, calls[0], calls[1])


class Node:
    pass


node = Node()
atoms, nested, cyclic = (1, 2.5, "a", None, b"x"), ((3, str(4)), int("5")), (node, 1)
fresh = tuple([int("6"), str(7)])
print(gc.is_tracked(cyclic))
gc.collect()
gc.collect()
print(gc.is_tracked(atoms), gc.is_tracked(nested), gc.is_tracked(fresh), gc.is_tracked(cyclic))
print(gc.get_referents(fresh), any(found is fresh for found in gc.get_objects()), any(found is cyclic for found in gc.get_objects()))
node.cycle = (cyclic, fresh)
del node, cyclic
print(gc.collect() >= 2)
