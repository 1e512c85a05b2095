#: run 3 = UnboundLocalError
def test(n):
    for i in range(n):
        x = i
        del x
    return x
