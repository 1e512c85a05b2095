#: see COMPARE_OP operands SmallInt, SmallInt
def test(a, b, c):
    return a < b < c
