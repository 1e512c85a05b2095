#: see BINARY_OP operands ListExact, SmallInt
def test(a, b):
    return a[b]
