def test(a):
    x = yield from a
    return x
