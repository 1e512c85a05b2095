#: run [5, 6, 7] = ([15, 14, 6], 14)
def test(items):
    items[0] += 10
    items[-1] *= 2
    items[1], items[2] = items[2], items[1]
    return items, items[-2]
