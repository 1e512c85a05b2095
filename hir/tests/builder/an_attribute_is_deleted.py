def test(a):
    del a.x
