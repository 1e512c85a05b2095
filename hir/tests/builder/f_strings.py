def test(a, b):
    return f"{a} and {b!r:>{a}} {b!s}"
