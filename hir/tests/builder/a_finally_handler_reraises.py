#: entries handlers
def test(f, g):
    try:
        f()
    finally:
        g()
