def test(a):
    with a as b:
        b()
