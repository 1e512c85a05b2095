#: see BINARY_OP operands SmallInt, SmallInt
def test(a):
    return a + 1, a + 2
