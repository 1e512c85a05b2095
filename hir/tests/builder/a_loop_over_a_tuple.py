#: see FOR_ITER iterator TupleIterator
def test(items):
    for x in items:
        pass
