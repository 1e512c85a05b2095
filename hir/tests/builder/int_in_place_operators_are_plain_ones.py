#: see BINARY_OP operands SmallInt, SmallInt
def test(a, b):
    a += b
    a <<= b
    return a
