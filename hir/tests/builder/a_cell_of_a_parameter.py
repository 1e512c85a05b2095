def test(x):
    def inner():
        return x
    return inner
