a: int
b: str = 'b'
c.d: int = 1
def f():
    e: int
    g: int = 2
    (h): int = 3
