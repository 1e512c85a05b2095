def test(items):
    for x in items:
        pass
