def f(a, b):
    t''; t'{a}'; t'a{a!r:{b}}b{b=}' t'c'
