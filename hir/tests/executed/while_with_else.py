#: run 3 = 17
#: run 30 = ('end', 30)
def test(n):
    while n < 20:
        n += 7
        if n == 17:
            break
    else:
        return 'end', n
    return n
