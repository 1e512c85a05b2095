def test(a):
    x, *y, z = a
    return x, y, z
