def test(a):
    return a.m(1)
