#: function f 2 = Object
def test(a):
    return f(a, 1)
