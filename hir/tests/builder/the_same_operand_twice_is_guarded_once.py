#: see BINARY_OP operands SmallInt, SmallInt
def test(a):
    return a * a
