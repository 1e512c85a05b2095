def f(a, b):
    c = a; d = b
    a, b = c, d
    for a in b: c = a
    return a + b
