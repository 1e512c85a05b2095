#: entries head 3
#: see BINARY_OP operands SmallInt, SmallInt
#: see FOR_ITER iterator RangeIterator
def test(items):
    for x in items:
        x = x + 1
