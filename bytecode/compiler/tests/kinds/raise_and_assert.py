def f(a, b):
    assert a, b
    assert a
    raise
    raise a
def g(a, b):
    raise a from b
