def test(a, b):
    a, b = b, a
    return a, b
