#: class A
#: shape s A
#: function A.m 2 = SmallInt
#: see LOAD_ATTR owners s method A.m
def test(a):
    return a.m(1)
