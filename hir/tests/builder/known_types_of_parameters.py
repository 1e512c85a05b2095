#: arguments SmallInt, ListExact
def test(a, b):
    return b[a]
