def test(pairs):
    for a, b in pairs:
        a + b
