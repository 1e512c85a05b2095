#: see LOAD_ATTR nothing
def test(a):
    yield 1
    yield a.x
