def test(a, b, c):
    if a and b or c:
        return 1
    return 2
