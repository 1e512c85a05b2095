#: see LOAD_GLOBAL nothing
def test(a):
    if a:
        name(a)
        a = 2
    return a
