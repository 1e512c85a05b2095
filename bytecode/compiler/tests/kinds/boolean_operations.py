def f(a, b, c):
    d = a and b or not c
    e = not (a or b)
    return (a and b) is None, a if b else c
