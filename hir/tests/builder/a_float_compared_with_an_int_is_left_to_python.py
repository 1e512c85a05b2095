#: see COMPARE_OP operands TaggedFloat, SmallInt
def test(a, b):
    return a > b
