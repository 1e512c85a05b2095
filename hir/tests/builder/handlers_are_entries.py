#: entries handlers
def test(f):
    try:
        f()
    except ValueError as error:
        return error
    return 1
