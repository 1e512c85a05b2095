#: run 0, 5 = (0, 5, True, False, 2)
#: run 3, 0 = (0, 3, False, True, 1)
#: run '', [] = ('', [], True, [], 2)
def test(a, b):
    return a and b, a or b, not a, (a or b) and not b, 1 if a else 2
