class test:
    x: int = 1
    y = x
