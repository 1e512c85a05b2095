def test():
    return x
    x = 1
