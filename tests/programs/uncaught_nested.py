"""An uncaught exception raised in a nested class body, with suggestions and a long chain."""
class Registry:
    def __init__(self): self.entries = {}
    def lookup(self, name): return self.entires[name]


def deep(n):
    try:
        if n == 0:
            return Registry().lookup("x")
        deep(n - 1)
    except Exception:
        if n:
            raise KeyError(n) from None
        raise ValueError(
            "even "
            + str(n))


try:
    deep(1)
except KeyError as error:
    print(repr(error.__context__), repr(error.__context__.__context__))
deep(0)
