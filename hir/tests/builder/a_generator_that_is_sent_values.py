def test():
    x = yield
    while x:
        x = yield x
