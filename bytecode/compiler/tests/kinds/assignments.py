a = b = 1
a, b = b, a
a, b, c = c, b, a
[a, *b] = c
(a, b), c = d
a.b = c[d] = e
