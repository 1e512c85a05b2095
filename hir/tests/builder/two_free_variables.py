def outer(x, y):
    def test():
        return x, y
    return test
