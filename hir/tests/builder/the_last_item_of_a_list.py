#: see BINARY_OP operands ListExact, SmallInt
def test(a):
    return a[-1]
