def test(items, x):
    y = [x for x in items]
    return x, y
