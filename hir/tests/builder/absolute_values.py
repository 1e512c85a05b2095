#: arguments SmallInt, FloatExact, Object
#: native abs Abs 1 = Object
def test(a, b, c):
    return abs(a), abs(b), abs(c)
