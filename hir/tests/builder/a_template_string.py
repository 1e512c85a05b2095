def test(a, b):
    return t"{a} and {b!r:x}"
