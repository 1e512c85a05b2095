def f(a):
    def g(b=a):
        return lambda: a + b
    class C:
        c = a
        def h(self): return __class__
    return g, C
