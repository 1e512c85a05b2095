#: arguments Object, SmallInt
#: instances tuple Tuple
#: instances int Long
#: native isinstance IsInstance 2 = Bool
def test(a, b):
    return isinstance(a, tuple), isinstance(b, tuple), isinstance(a, int), isinstance(b, int)
