def test(f, a):
    return f(a, (yield 1))
