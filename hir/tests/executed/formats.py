#: run 5, 'x' = ('5x', 'x')
def test(a, b):
    return f'{a}{b}', f'{b}'
