def test(f):
    try:
        f()
    except ValueError:
        return 1
    return 2
