#: entries handlers
def test(a):
    with a:
        pass
