#: class A
#: shape s A
#: see LOAD_ATTR owners s general
def test(a):
    return a.x
