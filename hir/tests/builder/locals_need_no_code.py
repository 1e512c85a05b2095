def test(a, b):
    c = a
    a = b
    return c
