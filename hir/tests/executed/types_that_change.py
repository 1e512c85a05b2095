#: run 3 = [1, 2, 3.5]
def test(n):
    x = 0
    out = []
    for i in range(n):
        x = x + 1
        out.append(x)
        if i == 1:
            x = x + 0.5
    return out
