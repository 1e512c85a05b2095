def outer():
    def test():
        nonlocal x
        x = x + 1
    x = 1
    return test
