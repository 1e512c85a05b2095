#: see UNPACK_SEQUENCE operands TupleExact, Object
def test(a):
    x, y = a
    return y, x
