def test(a):
    return (1 if a else 2.5)
