#: run 1, 2, 3 = [1, 3, 2]
def test(a, b, c):
    a, b, c = c, a, b
    a, b = b, a
    return [a, b, c]
