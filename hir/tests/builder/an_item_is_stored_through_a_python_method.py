#: class Grid
#: shape s Grid
#: function Grid.__setitem__ 3 = Object
#: see STORE_SUBSCR owners s getter Grid.__setitem__
def test(a, b, c):
    a[b] = c
