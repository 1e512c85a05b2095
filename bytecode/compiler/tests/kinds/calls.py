def f(a, b):
    a(); a(b, 1); a(b, c=1); a(*b); a(1, *b, c=2, **b); a(**b)
    a.b(); a.b(1, c=b); a.b(*a)
    super().c; super().d(); print('x')
