#: function f 1 = Object
#: beyond f rest
#: beyond f keywords
#: code f
def f(a, *args, **keywords):
    return args


def test(x, y):
    f(x)
    f(x, y, 1)
    return f(x, key=y)
