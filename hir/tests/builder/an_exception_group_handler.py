#: entries handlers
def test(f):
    try:
        f()
    except* ValueError as group:
        pass
