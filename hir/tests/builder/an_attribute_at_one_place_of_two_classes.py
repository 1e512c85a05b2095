#: class A
#: shape s A
#: class B
#: shape t B
#: see LOAD_ATTR owners s slot 24 | t slot 24
def test(a):
    return a.x
