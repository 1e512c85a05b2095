#: see STORE_SUBSCR operands ListExact, SmallInt
def test(a, b, c):
    a[b] = c
