#: see BINARY_OP operands SmallInt, SmallInt
#: see COMPARE_OP operands SmallInt, SmallInt
def test(n):
    i = 0
    while i < n:
        i += 1
    return i
