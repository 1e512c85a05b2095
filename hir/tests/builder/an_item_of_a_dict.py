#: see BINARY_OP operands DictExact, UnicodeExact
def test(a, b):
    return a[b]
