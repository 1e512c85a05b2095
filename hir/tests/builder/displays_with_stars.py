def test(a, b):
    return [*a, 1], {*a, *b}, {**a, 1: 2}, (*a, b)
