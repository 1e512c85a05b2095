#: see BINARY_OP operands SmallInt, SmallInt
def test(a, b):
    if b:
        a + 1
    else:
        a + 2
    return a + 3
