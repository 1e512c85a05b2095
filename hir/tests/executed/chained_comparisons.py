#: run 1, 2, 3 = (True, False, False)
#: run 3, 2, 1 = (False, False, True)
#: run 1.5, 2, 'a' = True
def test(a, b, c):
    if a == 1.5:
        return a < b
    return a < b < c, a < b > c, not a < b
