#: array doubles Double
#: see BINARY_OP#0 operands Array[c0:Exact], SmallInt
#: see BINARY_OP#1 operands FloatExact, FloatExact
def test(a, i):
    return a[i] + 1.0
