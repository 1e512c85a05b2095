def test(a, b, c):
    a[b:c] = a[c:b]
    return a[b:c:a]
