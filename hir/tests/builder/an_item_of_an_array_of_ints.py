#: array bytes UInt8
#: array words Int64
#: see BINARY_OP#0 operands Array[c0:Exact], SmallInt
#: see BINARY_OP#1 operands Array[c1:Exact], SmallInt
def test(a, b, i):
    return a[i], b[-1]
