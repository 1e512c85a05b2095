#: array doubles Double
#: array shorts Int16
#: see STORE_SUBSCR#0 operands Array[c0:Exact], SmallInt
#: see STORE_SUBSCR#1 operands Array[c1:Exact], SmallInt
def test(a, b, i, x):
    a[i] = x
    b[0] = x
