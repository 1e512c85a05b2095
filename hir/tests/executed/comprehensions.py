#: run 6 = ([1, 9, 25], [(0, 1), (0, 9), (0, 25), (1, 9), (1, 25), (2, 9), (2, 25)], 'kept')
def test(n):
    x = 'kept'
    squares = [x * x for x in range(n) if x % 2]
    pairs = [(a, b) for a in range(3) for b in squares if a < b]
    return squares, pairs, x
