#: class A
#: shape s A
#: shape t A
#: see STORE_ATTR owners s slot 24 | s added 32 t
def test(p, v):
    p.x = v
