#: class Point
#: shape s Point
#: constructs Point s -
def test():
    return Point(), Point(1)
