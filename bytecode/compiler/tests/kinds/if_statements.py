def f(a, b, c):
    if a: b()
    elif not b and c: c()
    else: a()
    if a is None: b()
    if a is not None or b: c()
    if 1: a()
    if 0: b()
    if not (a and b): c()
