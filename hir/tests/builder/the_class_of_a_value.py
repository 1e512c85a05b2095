#: native type TypeOf 1 = Type
def test(a):
    return type(a)
