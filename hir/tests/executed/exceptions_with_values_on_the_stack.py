#: run [4, 0] = [1, 12, 3]
def test(items):
    def divide(a, b):
        return a // b
    out = [1]
    for x in items:
        try:
            out.append(5 + divide(8, x) + (x + 1))
        except ZeroDivisionError:
            out.append(out[0] + len(out))
    return out
