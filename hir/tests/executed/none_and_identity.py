#: run None = ([True, False], 2)
#: run 5 = ([False, True], 6)
def test(a):
    out = [a is None, a is not None]
    if a is None:
        a = 1
    return out, a + 1
