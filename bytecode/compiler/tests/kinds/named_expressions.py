def f(a):
    if (b := a()) and (c := b): return c
    return [d for e in a if (d := e)]
