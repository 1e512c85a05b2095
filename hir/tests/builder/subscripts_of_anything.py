def test(a, b):
    a[b] = a[a]
    del a[b]
