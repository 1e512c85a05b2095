#: class A
#: shape s A
#: function A.p 1 = Object
#: see LOAD_ATTR owners s getter A.p
def test(a):
    return a.p
