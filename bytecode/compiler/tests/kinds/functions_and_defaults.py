@a
@b.c
def f(d, /, e=1, *, g, h=2, **i) -> j:
    '''The docstring.'''
    return d
k = lambda *l, m=n: (yield)
