"""The specialised copy as dis shows it."""

import cinder
import dis
import opcode
class P:
    __slots__ = ('s',)
    def __init__(self): self.s = 1
class C:
    k = 5
    def __init__(self, x): self.x = x
    def m(self, a): return self.x + a
    @property
    def prop(self): return self.x
    def __getitem__(self, i): return i
class D(C): pass
class E(C): pass
class F(C): pass
import math
def f(c, p, l, t, d):
    r = c.m(1) + c.k + c.prop
    r = p.s - 1
    p.s = r
    x = l[0] * 2.0 * 3.0
    l[0] = 3.0
    x = t[1]; y = d['a']
    d['b'] = 4
    q = c[1]
    for i in l: pass
    for i in range(3): pass
    for i, j in d.items(): pass
    for i in (n for n in l): pass
    s = 'a' + 'b'.upper()
    s += s
    u = s == 'AB'
    v = x < y
    w = math.pi
    z = len(l)
    g = isinstance(l, list)
    h = C(3)
    type(h); str(h); tuple(l); l.append(1); l.pop()
    math.sqrt(2)
    C.k
    "abc"[1]
    return h.m(a=2)
def poly(o): return o.x

def cold(a): return a + 1
def specialised(function):
    names = [i.opname for i in dis.get_instructions(function, adaptive=True)]
    return [name for name in names if name in opcode._specialized_opmap]

def run():
    for i in range(200):
        f(C(1), P(), [1.0], (1, 2), {'a': 1})
        poly([C, D, E, F][i % 3](1))
run()
cold(1)
print(*specialised(f), sep='\n')
print(specialised(poly), specialised(cold))
code = f.__code__
print(code.co_code != code._co_code_adaptive, len(code.co_code) == len(code._co_code_adaptive))
plain = [i.opname for i in dis.get_instructions(f)]
print([name for name in plain if name in opcode._specialized_opmap])
print(len(list(dis.get_instructions(f, adaptive=True, show_caches=True))) == len(plain))
cinder.clear_shadow_cache(f)
print(specialised(f), code.co_code == code._co_code_adaptive)
run()
print(len(specialised(f)) > 50)
class G(C):
    def m(self, a): return super().m(a) + super().k
for i in range(200): G(1).m(2)
print([name for name in specialised(G.m) if 'SUPER' in name])
