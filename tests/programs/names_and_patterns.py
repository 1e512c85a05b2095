"""Names of inlined comprehensions and annotations, keys of patterns, messages of context managers."""
def t(src, **ns):
    ns=dict(ns)
    try: exec(src, ns); print("ok", sorted(k for k in ns if not k.startswith("__")))
    except BaseException as e: print(type(e).__name__, e)
t("__conditional_annotations__=0\nx:int\n")
t("__conditional_annotations__=[]\nx:int\n")
t("globals()['__conditional_annotations__']=frozenset()\nx:int\n")
t("class C:\n  __classdict__: int\nprint(C.__annotations__)")
t("class C:\n  __classdict__=1\n  def f(self):\n   return __classdict__\n  x:int")
t("class C:\n  __conditional_annotations__: int\n  x:int\nprint(C.__annotations__)")
t("class C:\n  if 1:\n   __conditional_annotations__: int\n   x:int\nprint(C.__annotations__)")
t("def f(x)->int: pass\nprint(f.__annotate__.__qualname__)\nclass Outer:\n  x:int\n  def m(self,x:int):\n    pass\n  class I:\n   y:int\nprint(Outer.__annotate__.__qualname__, Outer.m.__annotate__.__qualname__, Outer.I.__annotate__.__qualname__)\nx:int\nprint(__annotate__.__qualname__,f.__annotate__.__name__)\ndef g():\n  def h(x:int): 1\n  print(h.__annotate__.__qualname__)\n  class K[T]:\n    x:int\n    def z[U](x:int): 1\n  print(K.__annotate__.__qualname__,K.z.__annotate__.__qualname__)\n  def qq[T](a:T):pass\n  print(qq.__annotate__.__qualname__)\ng()")
t("type Alias[T: lambda: T] = 1\nprint(Alias.__type_params__[0].__bound__.__qualname__)\ntype A2 = lambda: 1\nprint(A2.__value__.__qualname__, A2.evaluate_value.__qualname__,Alias.evaluate_value.__qualname__)\ndef f[T: (lambda:1), U:lambda:2](x: lambda:3)->[lambda: 1 for x in [1]]: 1\nprint(f.__type_params__[1].__bound__.__qualname__, f.__annotations__['x'].__qualname__, f.__annotations__['return'][0].__qualname__)\nclass C[T:lambda:1]:\n  type X[T: lambda:1]= lambda: 4\n  x: lambda:1\n  def m[Z:lambda:1](self, x: lambda:3): pass\nprint(C.__type_params__[0].__bound__.__qualname__, C.X.__value__.__qualname__, C.X.__type_params__[0].__bound__.__qualname__, C.__annotations__['x'].__qualname__, C.m.__annotations__['x'].__qualname__, C.m.__type_params__[0].__bound__.__qualname__)")
t("match {}:\n  case {'a':1, 'a':2}: pass")
t("match {}:\n  case {0:1, False:2}: pass")
t("match {}:\n  case {0:1, 0.0:2}: pass")
t("match {}:\n  case {0:_, -0:_}: pass")
t("match {}:\n  case {0:_, 0j:_}: pass")
t("match {}:\n  case {-1+0j:_, -1:_}: pass")
t("match 1:\n  case f'': pass")
t("match 1:\n  case f'{x}': pass")
t("match 1:\n  case 1*1j: pass")
t("match 1:\n  case 0 + 0j*1: pass")
t("match 1:\n  case 'a' 'b' f'': pass")
t("match 1:\n  case t'': pass")
t("match 1:\n  case {'a' f'':1}: pass")
t("match 1:\n  case 0 + 0: pass")
t("match 1:\n  case 0j + 0: pass")
t("match 1:\n  case -0j + 0: pass")
t("match 1:\n  case 1 +  -0j: pass")
t("class A: pass\nwith A(): pass")
t("class A:\n def __enter__(self): 1\nwith A(): pass")
t("class A:\n def __exit__(self): 1\nwith A(): pass")
t("class A:\n def __aexit__(self): 1\nwith A(): pass")
t("class A:\n def __aexit__(self): 1\n def __aenter__(self):1\nwith A(): pass")
t("class A:\n def __aexit__(self): 1\n def __aenter__(self):1\n def __enter__(self):1\nwith A(): pass")
for c in ["def __enter__(self): 1","def __exit__(self): 1","def __enter__(self): 1\n def __exit__(self): 1","def __aenter__(self): 1","def __aexit__(self): 1", "pass","def __aenter__(self): 1\n def __enter__(self): 1\n def __exit__(self): 1"]:
  t(f"class A:\n {c}\nasync def f():\n  async with A(): pass\nf().send(None)")
names = "[x for x in [1]]\ny = [x for _ in [1]]\n"
indented = "".join(f"    {line}\n" for line in names.splitlines())
t(names, x=3)
t(f"class C:\n{indented}\nprint(C.y)", x=3)
t(f"def f():\n{indented}\n    return y\nprint(f())", x=3)
t("class C:\n  [super for _ in [1]]\n  [__class__ for _ in [1]]")
t("class C:\n  __class__ = 2\n  print([__class__ for _ in [1]])")
t("nothing = None\nnothing(*print)")
t("nothing = None\nnothing(**print)")
t("def f(**k): pass\nf(**{1: 3}, **{1: 5})")


class Descriptors:
    """Special methods whose descriptors raise AttributeError are missing."""

    @property
    def __eq__(self): raise AttributeError("eq")
    @property
    def __add__(self): raise AttributeError("add")
    @property
    def __hash__(self): raise AttributeError("hash")
    @property
    def __bool__(self): raise AttributeError("bool")
    @property
    def __contains__(self): raise AttributeError("contains")
    @property
    def __iter__(self): raise AttributeError("iter")
    @property
    def __len__(self): raise AttributeError("len")


def attempt(function):
    try:
        print(repr(function()))
    except Exception as error:
        print(type(error).__name__, error, getattr(error, "name", "-"))


thing = Descriptors()
attempt(lambda: thing == Descriptors())
attempt(lambda: thing + 1)
attempt(lambda: hash(thing))
attempt(lambda: bool(thing))
attempt(lambda: 1 in thing)
attempt(lambda: iter(thing))
attempt(lambda: len(thing))


class Index:
    def __init__(self, value): self.value = value
    def __index__(self): return self.value


attempt(lambda: [1, 2][Index("x")])
attempt(lambda: range(Index(1.0)))


class Mapping(dict):
    def __getitem__(self, key): return "overridden"


attempt(lambda: {**Mapping(a=1)})
attempt(lambda: (lambda **names: names)(**Mapping(a=1)))


class Order(type):
    def mro(cls): return [cls, object]


class Base: pass
class Derived(Base, metaclass=Order): pass


print(issubclass(Derived, Base), isinstance(Derived(), Base))


class Getter:
    def __getattr__(self, name): raise AttributeError
    @property
    def value(self): raise AttributeError("no value")


attempt(lambda: Getter().missing)


def unbound():
    print(local)
    local = 1


attempt(unbound)
for name in ("A\0B", "A\udcdcB"):
    attempt(lambda: type(name, (), {}))
attempt(lambda: type("A", (), {"__doc__": "\udcdc"}))
attempt(lambda: str("a", "b", "c", "d"))
attempt(lambda: compile("return 'ä'", "file", "exec"))
try:
    compile("return 'ä'", "no such file", "exec")
except SyntaxError as error:
    print(error.args)
try:
    compile(b"x = '\xe4'", "file", "exec")
except SyntaxError as error:
    print(error.args)
try:
    compile(b"x\0", "file", "exec")
except SyntaxError as error:
    print(error.args)
