def test(a):
    return (x for x in a)
