#: see FOR_ITER iterator ListIterator
def test(items):
    for x in items:
        pass
