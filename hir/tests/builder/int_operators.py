#: see BINARY_OP operands SmallInt, SmallInt
def test(a, b):
    return (a - b) * a // b % a & b | a ^ b << a >> b
