#: see UNPACK_SEQUENCE operands ListExact, Object
def test(a):
    x, y = a
    return y, x
