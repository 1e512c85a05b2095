# Collections come after as many new objects as the threshold says, however many old ones, or how much garbage, were freed meanwhile.
import gc


def collections_while_making(n):
    def count():
        return sum(generation["collections"] for generation in gc.get_stats())

    before = count()
    for _ in range(n):
        cycle = []
        cycle.append(cycle)
    return count() - before


gc.collect()
gc.set_threshold(1000)
print(15 <= collections_while_making(20_000) <= 25)
kept = [[] for _ in range(50_000)]
gc.collect()
del kept
print(15 <= collections_while_making(20_000) <= 25)
gc.disable()
collections_while_making(50_000)
gc.enable()
gc.collect()
print(15 <= collections_while_making(20_000) <= 25)
