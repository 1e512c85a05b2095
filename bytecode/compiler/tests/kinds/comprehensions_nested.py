def f(a):
    [b for c in a for b in c if b if c]
    {b: c for b, c in a}
    {b for b in a}
    return (b + d for b in a for d in [b])
[e for e in x]
class A: y = [g for g in z]
