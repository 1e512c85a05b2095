def test(a, b):
    return super(a, b).x
