#: see FOR_ITER iterator RangeIterator
#: see BINARY_OP operands SmallInt, SmallInt
def test(a, b):
    n = 0
    for i in a:
        for j in b:
            n += i * j
    return n
