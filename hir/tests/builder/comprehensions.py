def test(a):
    return [x for x in a if x], {x for x in a}, {x: 1 for x in a}
