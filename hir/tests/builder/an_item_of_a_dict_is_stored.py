#: see STORE_SUBSCR operands DictExact, Object
def test(a, b, c):
    a[b] = c
