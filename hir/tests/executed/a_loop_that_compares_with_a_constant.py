#: run 1, 2 = TypeError
#: run 0, -3 = (False, [1, 2, 3])
#: run 2.5, 4 = TypeError
def test(a, b):
    c = 1
    d = a
    i = x = 0
    out = [1, 2, 3]
    total = 0
    def f(y, z=2):
        nonlocal total
        total = total + 1
        return y
    w1 = 0
    while w1 < 4:
        w1 += 1
        c = [(out[1] is None), len(out)][0]
        d *= ((b + f(d)) ^ i)
    try:
        b = (5 | (a // [d, i][0]))
        c = (((b != 2.5) >= d) is None)
        out.append((x if ((1 & c) is None) else ([x + 1 for x in range(2)] // (a % b))))
    except ZeroDivisionError as e:
        a *= a
    return (not ((2 & i) if (i if d else None) else 2)), out
    c = a
    del a
    return a, b, c, d, out, total
