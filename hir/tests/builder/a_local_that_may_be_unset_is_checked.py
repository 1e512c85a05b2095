def test(flag):
    if flag:
        x = 1
    return x
