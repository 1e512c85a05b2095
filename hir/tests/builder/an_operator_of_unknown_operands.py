def test(a, b):
    a @= b
    return a + b
