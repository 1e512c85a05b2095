#: class Grid
#: shape s Grid
#: function Grid.__getitem__ 2 = Object
#: see BINARY_OP owners s getter Grid.__getitem__
def test(a, b):
    return a[b]
