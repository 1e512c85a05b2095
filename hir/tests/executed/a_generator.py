#: run 5 = [0, 1, -2, 3, -4] then 'done'
def test(n):
    for i in range(n):
        if i % 2:
            yield i
        else:
            x = yield -i
    return 'done'
