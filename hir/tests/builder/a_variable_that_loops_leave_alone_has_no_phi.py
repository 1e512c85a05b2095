def test(f, items):
    for x in items:
        f(x)
    return f
