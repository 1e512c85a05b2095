#: run 4 = (11, 7)
def test(n):
    def outer(x, y=3):
        def inner(z=x):
            return x + y + z
        return inner
    return outer(n)(), outer(n, 1)(2)
