#: class Point
#: shape s Point
#: see STORE_ATTR owners s slot 24
def test(p, v):
    p.x = v
