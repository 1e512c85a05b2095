def test(a, b):
    if a != b:
        return a <= b
