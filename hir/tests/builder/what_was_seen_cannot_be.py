#: see BINARY_OP operands UnicodeExact, UnicodeExact
def test(a):
    return (a is None) + a
