def f(a):
    return 1
    a()
def g(a):
    while True:
        if a: return
    a()
def h(a):
    raise a
    yield
