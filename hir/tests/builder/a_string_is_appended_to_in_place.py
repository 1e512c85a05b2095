#: see BINARY_OP operands UnicodeExact, UnicodeExact
def test(a, b):
    a += b
    return a
