def test(a):
    if a is None:
        return a
    return a + 1
