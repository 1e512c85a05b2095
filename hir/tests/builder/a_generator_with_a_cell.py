def test(x):
    yield lambda: x
    x = 2
