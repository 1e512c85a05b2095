def f(a, b):
    global g
    a += b
    a @= b
    a.x -= b
    a[b] **= 2
    a[1:b] >>= 1
    g //= 3
