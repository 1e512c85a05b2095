def test(f, g):
    try:
        return f()
    finally:
        g()
