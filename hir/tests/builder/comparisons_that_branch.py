#: see COMPARE_OP operands SmallInt, SmallInt
def test(a, b):
    if a < b:
        return 1
    return 2
