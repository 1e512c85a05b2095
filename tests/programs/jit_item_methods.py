# Items that Python methods store, called directly from compiled code.
class M:
    def __init__(self): self.d={}
    def __setitem__(self,k,v):
        if k==5: raise KeyError(k)
        self.d[k]=v
def put(m,k,v):
    try:
        m[k]=v
    except KeyError as e:
        return repr(e)
    return len(m.d)
class N(M):
    def __setitem__(self,k,v): super().__setitem__(k,v*2)
m=M()
for i in range(100): put(m,i%4,i)
print(put(m,5,1),put(m,6,1),m.d)
n=N(); print(put(n,1,3),n.d,put({},1,2) if False else '', put(n,5,1))
M.__setitem__=lambda s,k,v: s.d.__setitem__(k,'new')
print(put(m,7,1),m.d)
