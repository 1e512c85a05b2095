#: run [1, 0, 4, 0] = [8, -1, 2, -1]
def test(items):
    out = []
    for x in items:
        try:
            out.append(8 // x)
        except ZeroDivisionError:
            out.append(-1)
    return out
