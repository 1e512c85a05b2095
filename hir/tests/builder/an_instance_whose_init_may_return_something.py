#: class Point
#: shape s Point
#: function Point.__init__ 1 = Object
#: constructs Point s Point.__init__
def test():
    return Point()
