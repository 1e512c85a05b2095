#: see BINARY_OP operands LongExact, SmallInt
def test(a, b):
    return a + b
