def test(a, b):
    if not (a is b):
        return a
