"""Classes and functions that change while compiled code that counts on them runs, and between its calls."""


class A:
    k = 3

    def f(self):
        return 1


def g(x, y=1):
    return x + y


def change():
    pass


def run(a, rounds, when):
    total = 0
    for i in range(rounds):
        total += a.f() + a.k + g(i)
        if i == when:
            change()
    return total


a = A()
for _ in range(1500):
    run(a, 20, -1)
print(run(a, 20, 10))


def change():
    A.f = lambda self: 10
    A.k = 7
    g.__defaults__ = (5,)


print(run(a, 20, 10), run(a, 20, -1))
for _ in range(1500):
    run(a, 20, -1)


def change():
    g.__code__ = (lambda x, y: x * y).__code__


print(run(a, 20, 10), run(a, 20, -1))
for k in range(30):
    # Each change finds the code that was compiled for the one before.
    A.k = k
    print(k, {run(a, 10, -1) for _ in range(100)})

for k in range(20):

    class B:
        k = 2 * k

        def f(self):
            return self.k

    def make():
        # A code object of its own, whose machine code dies with it.
        names = {}
        exec("def read(b):\n    total = 0\n    for i in range(20):\n        total += b.f() + b.k\n    return total", names)
        return names["read"]

    read = make()
    b = B()
    before = {read(b) for _ in range(1200)}
    B.f = lambda self: 1
    print(k, before, read(b))
