# Loops whose iterators a compiler may leave out: what is iterated over changes under way, or is something else than before.
def sum_list(items):
    s = 0
    for x in items:
        s += x
    return s
def grow(items):
    n = 0
    for x in items:
        n += 1
        if n < 10:
            items.append(x + 1)
    return n, items
def shrink(items):
    seen = []
    for x in items:
        seen.append(x)
        if x % 2 == 0:
            items.remove(x)
    return seen
def clear(items):
    seen = []
    for x in items:
        seen.append(x)
        items.clear()
    return seen
def tup(items):
    s = 0
    for a, b in items:
        s += a * b
    return s
def rng(n):
    s = 0
    for i in range(n):
        for j in range(i, n, 2):
            s += i * j
    return s
def rev(n):
    return [i for i in range(n, 0, -3)]
def deopt_in(items):
    s = 0
    for x in items:
        s = s + x
    return s
def raise_in(items):
    try:
        for x in items:
            y = 1 // x
    except ZeroDivisionError as e:
        return ("zero", x)
    return "ok"
def nested(items):
    out = []
    for x in items:
        for y in (1, 2, 3):
            out.append((x, y))
    return out
class L(list):
    def __iter__(self):
        return iter(["own"])
def loop(items):
    return [x for x in items]
for i in range(300):
    r = [sum_list([1, 2, 3, i]), grow([1, 2]), shrink([1, 2, 4, 5, 6]), clear([1, 2, 3]), tup(((1, 2), (3, i))), rng(6), rev(20),
         deopt_in([1, 2, 3] if i % 50 else [1, 2.5, 3]), raise_in([1, 2, 0, 4] if i % 3 == 0 else [1, 2]), nested([i, 2])]
    r.append(loop([1, i] if i % 40 else L([1, 2]) if i % 80 else (1, 2, i) if i % 160 else iter([9, 8])))
    if i % 37 == 0 or i > 297: print(i, r)
def big(n):
    for i in range(n): pass
    return i
for i in range(100): big(3)
print(big(5))
try: big("x")
except TypeError as e: print(e)
try: print(big(True))
except TypeError as e: print(e)
def huge(a, b):
    r = []
    for i in range(a, b): r.append(i)
    return r
for i in range(100): huge(1, 4)
print(huge(2**62 - 2, 2**62 + 1), huge(2**70, 2**70 + 2), huge(2**62 - 3, 2**62 - 1))
