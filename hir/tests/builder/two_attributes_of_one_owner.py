#: class Point
#: shape s Point
#: see LOAD_ATTR#0 owners s slot 24
#: see LOAD_ATTR#1 owners s slot 32
def test(p):
    return p.x, p.y
