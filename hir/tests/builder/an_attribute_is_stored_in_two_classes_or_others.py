#: entries any
#: class A
#: shape s A
#: shape t A
#: see STORE_ATTR owners s slot 24 | t slot 24
def test(p, v):
    p.x = v
