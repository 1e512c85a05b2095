#: class A
#: shape s A
#: class B
#: shape t B
#: function A.p 1 = SmallInt
#: see LOAD_ATTR owners s getter A.p | t slot 24
def test(a):
    return a.p
