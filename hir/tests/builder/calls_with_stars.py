def test(f, a, b):
    return f(*a), f(1, *a, **b), f(**b, x=1)
