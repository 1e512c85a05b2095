#: see BINARY_OP operands UnicodeExact, UnicodeExact
def test(a, b):
    return a + b
