#: run 0 = ZeroDivisionError
#: run 5 = 2
def test(n):
    x = 10
    y = x // n
    return y
