#: see UNPACK_SEQUENCE operands {ListExact|TupleExact}, Object
def test(a):
    x, y = a
    return y, x
