"""Closures: cells, nonlocal, late binding, defaults, nested scopes."""


def counter(start=0):
    count = start

    def step(by=1):
        nonlocal count
        count += by
        return count

    def peek():
        return count
    return step, peek


step, peek = counter(10)
step()
step(5)
print(peek(), step.__closure__[0].cell_contents, step.__code__.co_freevars)

late = [lambda: i for i in range(3)]
early = [lambda i=i: i for i in range(3)]
print([f() for f in late], [f() for f in early])


def outer():
    x = shared = "outer"

    class Inner:
        y = shared
        x = "class"

        def get(self):
            return x
    return Inner.y, Inner.x, Inner().get()


print(outer())


def unbound():
    try:
        print(value)
    except UnboundLocalError as error:
        print(error)
    value = 1

    def use():
        return later
    try:
        use()
    except NameError as error:
        print(error)
    later = 2
    return use()


print(unbound())


def delete():
    x = 1
    def f(): return x
    del x
    try:
        f()
    except NameError as error:
        print(type(error).__name__, error)


delete()
total = 0
def add(n):
    global total
    total += n
for n in range(4): add(n)
print(total)
