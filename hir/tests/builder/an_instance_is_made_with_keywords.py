#: class Point
#: shape s Point
#: function __init__ 3 = NoneType
#: code __init__
#: constructs Point s __init__
class Point:
    def __init__(self, x, y): pass
def test(a, b):
    return Point(y=a, x=b)
