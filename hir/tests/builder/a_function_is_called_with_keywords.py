#: function f 3 = Object
#: defaults f SmallInt[5]
#: code f
def f(a, b, c=5): pass
def test(x, y):
    return f(b=x, a=y), f(x, c=y, b=x), f(x, d=y)
