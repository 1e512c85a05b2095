#: see BINARY_OP#0 operands TupleExact, SmallInt
#: see BINARY_OP#1 operands UnicodeExact, SmallInt
def test(a, b):
    return a[0], b[0]
