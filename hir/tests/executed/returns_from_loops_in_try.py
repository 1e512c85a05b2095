#: run 3 = (2, 3)
#: run 9 = 5
def test(n):
    for i in range(n):
        try:
            if i == 5:
                return i
            y = [1, 2, 3, 4][i]
        except IndexError:
            continue
        finally:
            x = i
    return x, y
