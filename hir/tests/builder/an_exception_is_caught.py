#: caught 9
def test(table, names):
    n = 0
    for name in names:
        try:
            n = table[name]
        except:
            n = name
    return n
