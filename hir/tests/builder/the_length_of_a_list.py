#: native len Len 1 = LongExact
def test(a):
    return len([a]), len(a)
