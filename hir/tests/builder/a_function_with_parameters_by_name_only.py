#: function f 1 = Object
#: by_name f SmallInt[7], -
#: code f
def f(a, *, b=7, c):
    return a


def test(x, y):
    f(x, c=y)
    f(x, b=y, c=x)
    return f(x)
