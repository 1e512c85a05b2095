#: see BINARY_OP operands SmallInt, SmallInt
def test(a):
    b = a + 1
    return b + 2 + b
