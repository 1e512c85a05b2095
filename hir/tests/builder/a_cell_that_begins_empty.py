def test():
    def inner():
        return x
    x = 1
    return inner
