#: run [1, 2, 3] = [1, 2, 3, 3, 4]
def test(items):
    for x in items:
        if x < 3:
            items.append(x + 2)
    return items
