#: class Point
#: shape s Point
#: shape t Point
#: see STORE_ATTR owners s added 24 t
def test(p, v):
    p.x = v
