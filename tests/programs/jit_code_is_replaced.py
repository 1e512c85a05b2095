"""Code that new code has replaced is freed, also where it has still to return."""
import gc
try:
    import cinderjit
except ImportError:
    cinderjit = None

def used():
    return cinderjit.get_allocator_stats()["used_bytes"] if cinderjit else 0

def add(a, b, c, d, e):
    return (a + a, b + b, c + c, d + d, e + e)

def replaced():
    """Each turn one operand more is of a type that the code has not been made for."""
    results = []
    before = used()
    for turn in range(6):
        values = [2.5 if index < turn else index for index in range(5)]
        for _ in range(200):
            result = add(*values)
        results.append(result)
    # Frees what nobody runs.
    scope = {}
    exec("def other(x):\n    return x\n", scope)
    for _ in range(200):
        scope["other"](1)
    size = cinderjit.get_compiled_size(add) if cinderjit else 0
    print(results[0], results[-1], used() - before <= size * 3 // 2 + 200)

class Number:
    def __init__(self, value):
        self.value = value
    def __add__(self, other):
        return Number(self.value + other)

def down(n, x, leaf):
    """Many of it are on the stack when what is at the bottom has it compiled anew."""
    if n == 0:
        return leaf(x)
    y = down(n - 1, x, leaf) + n
    return y

def change(x):
    """Has `down` see other types, often, while others of it are in progress."""
    for value in (1.5, 10**30, Number(3)):
        for _ in range(60):
            down(3, value, lambda x: x)
        gc.collect()
    replaced()
    return x

for _ in range(60):
    down(4, 1, lambda x: x)
for _ in range(3):
    print(down(40, 7, change))
print(down(40, 0.5, change))
