#: arguments FloatExact, SmallInt, Object
#: native sqrt SquareRoot 1 = FloatExact
#: native sin Sine 1 = FloatExact
#: native cos Cosine 1 = FloatExact
def test(x, i, a):
    return sqrt(x), sin(i), cos(a)
