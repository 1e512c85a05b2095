def test(a, b, c):
    if a:
        raise
    if b:
        raise a
    raise a from c
