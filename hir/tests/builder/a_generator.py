def test(a):
    yield a
    return 1
