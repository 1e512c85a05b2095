#: run 9 = [0, 1, 31, 3, 41, 43, 4, 51, 61, 71, 81]
def test(n):
    out = []
    for i in range(n):
        if i == 2:
            continue
        for j in range(i):
            if j * i > 12:
                break
            if j % 2:
                out.append(i * 10 + j)
        else:
            out.append(i)
    return out
