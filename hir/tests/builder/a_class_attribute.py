#: class A
#: shape s A
#: object A.limit LongExact
#: see LOAD_ATTR owners s value A.limit
def test(a):
    return a.limit
