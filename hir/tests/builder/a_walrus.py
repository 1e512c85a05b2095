def test(f):
    while (x := f()) is not None:
        f(x)
