#: function f 3 = Object
#: defaults f NoneType, SmallInt[5]
def test(a):
    return f(a), f(a, 1), f()
