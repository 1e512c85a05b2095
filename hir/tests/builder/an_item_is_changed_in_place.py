#: see BINARY_OP#0 operands ListExact, SmallInt
#: see BINARY_OP#1 operands SmallInt, SmallInt
#: see STORE_SUBSCR operands ListExact, SmallInt
def test(a, i):
    a[i] += 1
