#: run 2.0 = (True, True, 0.0)
#: run 9 = (True, True, 0.0)
def test(x):
    y = 1.0
    for _ in range(6):
        y = (y + x / y) / 2
    return y > 1.2, y < 3.2, y * 0.0
