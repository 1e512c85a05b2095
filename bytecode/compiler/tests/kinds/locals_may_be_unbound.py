def f(a):
    if a: b = 1
    del a
    return a, b
