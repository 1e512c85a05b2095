def test(a):
    if a() is not None:
        return 1
