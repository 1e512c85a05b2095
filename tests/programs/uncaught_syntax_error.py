"""A script that does not compile."""
def f():
    return [1, 2
x = f()
