def f(a):
    while a:
        if a.b: break
        if a.c: continue
        a.d()
    else:
        a.e()
    while True:
        a()
