#: run 'abc', 4 = ('abc-abc-abc-abc-', 16, 'b', True)
def test(text, n):
    out = ''
    for i in range(n):
        out += text
        out = out + '-'
    return out, len(out), out[1], text < out
