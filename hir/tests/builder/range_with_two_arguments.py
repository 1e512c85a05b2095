#: native range Range 1 = Range
def test(a, b):
    return range(a, b)
