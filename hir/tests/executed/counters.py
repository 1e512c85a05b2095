#: run 4 = ([2, 4, 6, 8], 18)
def test(n):
    count = 0
    def step(by=2):
        nonlocal count
        count = count + by
        return count
    out = [step() for _ in range(n)]
    step(10)
    return out, count
