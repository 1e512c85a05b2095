#: native range Range 1 = Range
#: see BINARY_OP operands SmallInt, SmallInt
#: see FOR_ITER iterator RangeIterator
def test(n):
    total = 0
    for i in range(n):
        total += i * 2
    return total
