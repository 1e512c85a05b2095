#: see UNARY_NEGATIVE operands TaggedFloat, TaggedFloat
def test(a):
    return -a
