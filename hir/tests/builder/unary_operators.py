def test(a):
    return -a, ~a, not a, +a
