def test(a):
    return a.x
