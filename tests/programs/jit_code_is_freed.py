"""Code of functions that have died is freed: memory for it does not grow; those that run on when they die end well."""
import gc, sys
try:
    import cinderjit
except ImportError:
    cinderjit = None

def used():
    return cinderjit.get_allocator_stats()["used_bytes"] if cinderjit else 0

SOURCE = """
def f(n):
    total = 0
    for i in range(n):
        total += g(i) * 2
    return total
def g(x):
    return x + 1.5 if x % 3 else x
def gen(n):
    for i in range(n):
        yield g(i)
"""
def make():
    scope = {}
    exec(SOURCE, scope)
    for _ in range(5):
        scope["f"](20)
        list(scope["gen"](5))
    return scope["f"](7)

for _ in range(5):
    make()
gc.collect()
before = used()
for _ in range(40):
    result = make()
    gc.collect()
print(result, used() - before < 20000)

class Last:
    """What the function's globals end with makes more code."""
    def __init__(self, scope):
        self.scope = scope
    def __del__(self):
        make()

def run():
    scope = {}
    exec("def h(last, n):\n    x = n * 2\n    return [x, n + 1]\n", scope)
    h = scope.pop("h")
    for i in range(6):
        h(None, i)
    return h
def ends():
    h = run()
    def call(h, n):
        return h(Last(None), n)
    for i in range(6):
        r = call(h, i)
    del h
    return r
for _ in range(4):
    print(ends(), end=" ")
print()

def suicide(n):
    exec("def s(scope, last, n):\n    scope.clear()\n    y = n + 1\n    return y * 2\n", scope := {})
    for i in range(5):
        s = scope["s"]; r = s({}, 0, i)
    del s
    return scope.pop("s")(scope, Last(1), n)
for i in range(6):
    print(suicide(i), end=" ")
print()
