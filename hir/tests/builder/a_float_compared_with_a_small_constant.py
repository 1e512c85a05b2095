#: see COMPARE_OP operands TaggedFloat, SmallInt
def test(a):
    return a > 0
