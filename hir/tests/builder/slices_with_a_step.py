#: see BINARY_OP#0 operands ListExact, Object
def test(a, b, k):
    a[:k + 1] = b[k::-1]
    return b[::2]
