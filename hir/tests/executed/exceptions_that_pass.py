#: run [3, 1, 2], 5 = ('none', [3, 1, 2, 9])
#: run [3, 1, 2], 1 = 1
def test(items, i):
    def item(i):
        return items[i]
    try:
        try:
            return item(i)
        finally:
            items.append(9)
    except IndexError as error:
        return 'none', items
