def test(items):
    for x in items:
        if x is None:
            continue
        if x:
            break
    else:
        return 0
    return x
