def test(a, b):
    return a and not b
