"""Variables of callers that run compiled code: read, written, kept, of inlined calls, constructors and loops."""
import sys
def locals_of(depth=1):
    return dict(sys._getframe(depth + 0).f_locals)

def peek(d):
    f = sys._getframe(d)
    return dict(f.f_locals)

def caller(a, b):
    c = a + b
    d = [c, a]
    r = peek(1)
    e = c * 2
    return sorted(r.items(), key=lambda p: p[0]), e, d

def inner(x):
    y = x * 2
    return outer_locals(y)

def outer_locals(z):
    f = sys._getframe(2)
    return dict(f.f_locals)

def nest(n):
    t = (n, n + 1)
    u = n * 1.5
    s = inner(n)
    return s, t, u

def writer():
    sys._getframe(1).f_locals['v'] = 'written'
    return 1

def written():
    v = 'old'
    writer()
    return v

def keep():
    return sys._getframe(1)

def kept(a):
    b = a + 1
    f = keep()
    c = b + 1
    return f

def loop(n):
    total = 0
    seen = None
    for i in range(n):
        total += i
        if i == n - 1:
            seen = peek(1)
    return total, seen

def raises(n):
    q = n
    try:
        return bad(q)
    except ZeroDivisionError as e:
        return sorted(e.__traceback__.tb_frame.f_locals.keys()), sorted(e.__traceback__.tb_next.tb_frame.f_locals.items())
def bad(w):
    z = w - w
    return w / z
class C:
    def __init__(self, a):
        self.a = a
        self.b = peek(1)
        k = 5
        self.c = peek(2)
    @property
    def p(self):
        return sorted(sys._getframe(1).f_locals)
def cons(a):
    m = a
    c = C(m)
    n = c.p
    return c.a, sorted(c.b), sorted(c.c), n, m
for i in range(6):
    print(caller(i, 2))
    print(nest(i))
    print(written())
    f = kept(i)
    print(f.f_locals == {'a': i, 'b': i + 1, 'c': i + 2, 'f': f}, f.f_lineno)
    print(loop(5))
    print(raises(i))
    print(cons(i))
print(loop(9000))
