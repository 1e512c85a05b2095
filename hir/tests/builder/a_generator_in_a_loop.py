def test(items):
    for x in items:
        yield x
