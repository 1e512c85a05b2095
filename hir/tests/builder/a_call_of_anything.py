def test(f, x):
    return f(x, f())
