def test(a):
    def f(x=a, *, y=a) -> int:
        return a
    return f
