#: run 10 = 3628800
def test(n):
    def factorial(n):
        if n < 2:
            return 1
        return n * factorial(n - 1)
    return factorial(n)
