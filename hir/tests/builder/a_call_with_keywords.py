def test(f, x):
    return f(x, key=1), f.m(other=2)
