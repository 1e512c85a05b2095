def f(a, b):
    a[b]; a[b:1]; a[:]; a[1:2:3]; a[b, 1]; a[*b]; a[..., None]
    a[b:1] = a[::b]
