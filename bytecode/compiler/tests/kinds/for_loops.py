def f(a):
    for b, *c in a:
        if b: break
    else:
        c = 1
    for d.e in (1, 2): pass
    for g in [1, 2, a]: continue
