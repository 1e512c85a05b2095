#: run 3 = [0, (0, None), 1, (1, None), 3, (3, None)] then None
def test(n):
    total = 0
    def add(x):
        nonlocal total
        total += x
        return total
    for i in range(n):
        yield add(i), (yield total)
