def f():
    global a
    a = b = c = 1
    def g():
        nonlocal b
        b = c
        del b
        return a
    return g
