#: run [2, 0, 1] = [3, 'zero', 6, 3] then None
def test(items):
    total = 0
    try:
        for x in items:
            try:
                yield 6 // x
                total += x
            except ZeroDivisionError:
                yield 'zero'
    finally:
        yield total
