#: see BINARY_OP nothing
def test(a, b):
    print(a)
    return a + b
