#: run 0 = [0, 1, -1, 2, -2]
#: run 1 = [0, 0, -1, 2, -2]
#: run 2 = [0, 0, 1, -1, -2]
def test(n):
    out = []
    for i in range(3):
        try:
            if i == n:
                continue
            out.append(i)
        finally:
            out.append(-i)
    return out
