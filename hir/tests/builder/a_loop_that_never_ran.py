#: see FOR_ITER nothing
def test(items):
    for x in items:
        pass
