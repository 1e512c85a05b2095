#: run 2 = [5, 10] then ZeroDivisionError
def test(n):
    while True:
        yield 10 // n
        n -= 1
