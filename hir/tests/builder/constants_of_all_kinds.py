def test():
    return None, True, ..., 5, 2.5, "s", b"b", (1, "t"), 1 << 70, 1e300, 0.0
