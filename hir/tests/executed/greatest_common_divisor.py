#: run 84, 36 = 12
#: run 7, 0 = 7
def test(a, b):
    while b:
        a, b = b, a % b
    return a
