#: native isinstance IsInstance 2 = Bool
#: constructs int
#: constructs str
def test(a):
    return isinstance(5, int), isinstance(5, str), isinstance(a, int)
