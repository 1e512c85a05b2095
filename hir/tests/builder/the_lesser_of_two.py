#: arguments SmallInt, SmallInt, FloatExact
#: native min Min 2 = Object
#: native max Max 2 = Object
def test(a, b, c):
    return min(a, b), max(c, c), min(a, c)
