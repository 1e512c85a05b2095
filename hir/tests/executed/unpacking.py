#: run [1, 2, 3, 4] = (4, 1, [2, 3])
#: run [1, 2] = (2, 1, [])
#: run (7,) = ValueError
def test(items):
    a, *b, c = items
    (d, e), f = (a, c), b
    return e, d, f
