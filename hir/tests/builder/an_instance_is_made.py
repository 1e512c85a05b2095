#: class Point
#: shape s Point
#: function Point.__init__ 3 = NoneType
#: constructs Point s Point.__init__
def test(a, b):
    return Point(a, b)
