#: class Point
#: shape s Point
#: class Other
#: shape t Other
#: see LOAD_ATTR owners s slot 24 | t slot 40
def test(p):
    return p.x
