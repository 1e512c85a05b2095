"""Global names that change while compiled code reads them."""
COUNT = 0
LIMIT = 10
NAME = "x"
class D:
    def __del__(self):
        global NAME
        NAME = "died"
def bump(n):
    global COUNT
    total = 0
    for i in range(n):
        COUNT += 1
        total += COUNT % LIMIT
    return total
def names():
    global NAME
    a = NAME
    NAME = a + "y" if len(a) < 50 else "x"
    b = NAME
    return a, b
def dying():
    global NAME
    NAME = "alive" + str(LIMIT)
    d = D()
    a = NAME
    d = None
    return a, NAME
def missing():
    try:
        return LATER
    except NameError as e:
        return str(e)
out = []
for i in range(300):
    out.append((bump(i % 5), names(), dying()))
    if i == 100:
        LATER = 5
    if i == 150:
        del LATER
    if i == 200:
        globals()["LATER"] = [1]
    if i % 50 == 0:
        globals()["new%d" % i] = i
        LIMIT += 1
    out.append(missing())
def shadowed(x):
    return len(x) + abs(-x[0])
def call():
    return [shadowed([i, 2]) for i in range(3)]
for i in range(200):
    r = call()
    if i == 150:
        len = lambda x: 100
    if i == 170:
        del len
    out.append(r)
import hashlib
print(COUNT, LIMIT, NAME, hashlib.md5(repr(out).encode()).hexdigest(), out[-1], out[-40], out[250], out[350], out[450], out[599])
