def test(a, b):
    a.x = b
