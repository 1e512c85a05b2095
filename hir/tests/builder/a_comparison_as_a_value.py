#: see COMPARE_OP operands SmallInt, SmallInt
def test(a, b):
    return a == b
