#: class Point
#: shape s Point
#: see LOAD_ATTR owners s slot 24
def test(p):
    return p.x
