def f(a, b):
    f''; f'a'; f'{a}'; f'{a}{b}'; f'{a!r} {b!s:>10} {a:{b}}'; f'{a=}'
