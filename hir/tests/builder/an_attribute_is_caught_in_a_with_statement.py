#: caught 10
def test(manager, x):
    with manager:
        x.name
    return x
