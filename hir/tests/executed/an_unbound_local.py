#: run 0 = UnboundLocalError
#: run 1 = 5
def test(n):
    if n:
        x = 5
    return x
