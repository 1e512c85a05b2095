#: run 10 = 80
#: run 0 = 0
def test(n):
    total = 0
    for i in range(n):
        total += i * 2 - 1
    return total
