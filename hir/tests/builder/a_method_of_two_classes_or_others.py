#: entries any
#: class A
#: shape s A
#: class B
#: shape t B
#: function A.m 1 = Object
#: function B.m 1 = Object
#: see LOAD_ATTR owners s method A.m | t method B.m
def test(a):
    return a.m()
