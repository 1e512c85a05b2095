def outer():
    x = 1
    def test():
        nonlocal x
        del x
    return test
