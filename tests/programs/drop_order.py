"""The order in which objects die that die together: locals from the last, what is overwritten as it is stored to."""
class X:
    def __init__(s,n): s.n=n
    def __del__(s): print(s.n,end=' ')
def f():
    x=X('x'); y=X('y'); z=X('z')
f(); print()
def g(p,q,*r,k):
    x=X('x')
g(X('p'),X('q'),X('r1'),X('r2'),k=X('k')); print()
def gen():
    x=X('x'); y=X('y'); z=X('z')
    yield 1
for _ in gen(): pass
print()
h=gen(); next(h); del h; print()
def raises():
    x=X('x'); y=X('y')
    [X('s1'),X('s2'), 1/0]
try: raises()
except ZeroDivisionError: pass
print()
def st():
    for i in [X('l')]:
        for j in [X('m')]:
            return (X('t'),None)[1]
st(); print()
class C:
    a=X('ca'); b=X('cb')
del C
import gc; gc.collect(); print()
t=(X(1),X(2),X(3)); del t; print()
t=[X(1),X(2),X(3)]; del t; print()
t={1:X(1),2:X(2)}; del t; print()
class O: pass
o=O(); o.a=X('a'); o.b=X('b'); o.c=X('c'); del o; print()
class S: __slots__=('a','b')
o=S(); o.a=X('a'); o.b=X('b'); del o; print()
def big(a,b,c): return a
big(X(1),X(2),X(3)); print()
print(len([X(1),X(2)])); print()
def de(a=1):
    v=X('v'); w=X('w')
    return v
de(); print()

import io
out = io.StringIO()
class Logged:
    def __init__(self, name): self.name = name
    def __del__(self): print(self.name, end=' ', file=out)
def overwritten():
    a = Logged('a'); b = Logged('b'); c = Logged('c')
    a, b = Logged('a2'), Logged('b2')
    print('|', end=' ', file=out)
    b, a, c = Logged('b3'), Logged('a3'), Logged('c3')
    print('|', end=' ', file=out)
    x = y = Logged('xy')
    x, y = Logged('x2'), Logged('y2')
    print('|', end=' ', file=out)
    del a, c
    print('|', end=' ', file=out)
    a = 1; b = 2
    print('end', end=' ', file=out)
def inner(p, q):
    r = Logged('r'); s = Logged('s')
    return p
def outer():
    u = Logged('u'); v = Logged('v')
    w = inner(Logged('p'), Logged('q'))
    print('|', end=' ', file=out)
    return u
seen = []
for i in range(3000):
    overwritten()
    print('/', end=' ', file=out)
    outer()
    text = out.getvalue()
    if text not in seen:
        seen.append(text)
    out.seek(0)
    out.truncate()
print(seen)
