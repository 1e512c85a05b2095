#: see BINARY_OP operands SmallInt, TaggedFloat
def test(a):
    return a - a
