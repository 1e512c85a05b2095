def test(a):
    for x in [a, a]:
        pass
