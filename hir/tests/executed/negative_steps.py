#: run 10 = ([-10, -7, -4, -1], -11, 9, 15, 2, 40, 5)
def test(n):
    out = []
    for i in range(n, 0, -3):
        out.append(-i)
    return out, ~n, n ^ 3, n | 5, n & 6, n << 2, n >> 1
