#: see BINARY_OP operands TaggedFloat, TaggedFloat
def test(a):
    return a / 2.0
