#: class A
#: shape s A
#: class B
#: shape t B
#: function Base.m 1 = Object
#: see LOAD_ATTR owners s method Base.m | t method Base.m
def test(a):
    return a.m()
