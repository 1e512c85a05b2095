def f(a, b, c):
    a < b; a <= b; a == b; a != b; a > b; a >= b
    a is b; a is not b; a in b; a not in b
    return a < b == c, a in (1, 2), a in [1, b]
