"""Objects of one garbage cycle are finalised in the order in which they were made; all callbacks come first."""
import gc, weakref
gc.disable()
class N:
    def __init__(self, name): self.name=name
    def __del__(self): print("del", self.name, refs[self.name]() is None, self.w() is None if hasattr(self,'w') else '')
class L(list):
    def __del__(self): print("del list", self.name)
refs={}
def cb(name): return lambda r: print("callback", name)
ns=[N(i) for i in range(6)]
for i,n in enumerate(ns):
    n.all=ns
    refs[i]=weakref.ref(n, cb(i)) if i%2 else weakref.ref(n)
    n.w=weakref.ref(ns[(i+1)%6])
    n.w2=weakref.ref(ns[(i+1)%6], lambda r: print("inner callback"))
del n, ns
gc.collect()
print("--- old ones")
ns=[N(i) for i in (3,1,2,0,4,5)]
gc.collect()
for n in ns: n.all=ns
del n, ns
gc.collect()
print("--- lists")
a=L(); a.name="a"; b=L(); b.name="b"; a.append(b); b.append(a)
c=N(0); c.x=a; a.append(c)
del a,b,c
gc.collect()
print("--- generators")
def g(name):
    me=yield
    try: yield
    finally: print("finally", name)
gs=[g(i) for i in range(4)]
for x in gs: next(x); x.send(gs)
del x, gs
gc.collect()
print("--- nested")
def tree(d):
    n=N(d); n.kids=[tree(d-1) for _ in range(2)] if d else []
    for k in n.kids: k.up=n
    return n
tree(3); gc.collect()
print("--- slots")
class S:
    __slots__=("a","n")
    def __init__(self,n): self.n=n
    def __del__(self): print("S", self.n)
x=[S(i) for i in range(5)]
for y in x: y.a=x
del x,y; gc.collect()
