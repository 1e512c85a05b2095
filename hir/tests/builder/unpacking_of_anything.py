def test(a):
    x, y = a
    return y, x
