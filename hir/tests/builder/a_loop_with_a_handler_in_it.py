def test(items):
    n = 0
    for x in items:
        try:
            n = x()
        except KeyError:
            pass
    return n
