#: arguments FloatExact, SmallInt
#: see BINARY_OP operands FloatExact, SmallInt
def test(x, i):
    return x ** i
