#: see UNARY_NEGATIVE operands SmallInt, SmallInt
#: see UNARY_INVERT operands SmallInt, SmallInt
def test(a):
    return -a, ~a, +a
