#: see BINARY_OP operands TaggedFloat, TaggedFloat
def test(a, b):
    return a / b
