#: run 12 = (12, 22, 12, 12)
def test(n):
    a = b = c = 0
    last = None
    while a < n:
        a += 1
        if a % 3 == 0:
            b += a
            last = a
        elif a % 2:
            c, b = b, c
        else:
            c += 1
    return a, b, c, last
