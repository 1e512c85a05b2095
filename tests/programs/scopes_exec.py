"""exec, eval, globals, locals, and del in every scope."""
x = "global"


def f():
    x = "local"
    exec("x = 'executed'; made = 1")
    return x, "made" in locals(), eval("x"), eval("x", globals()), [eval("x") for _ in range(1)] if True else 0


print(f())
ns = {"__builtins__": {"len": len}}
try:
    exec("print(1)", ns)
except NameError as error:
    print(error)
print(eval("len('abc')", ns), eval("a + b", {"a": 1}, {"b": 2}))
class Mapping(dict):
    def __missing__(self, key): return f"made {key}"
print(eval("unknown", {}, Mapping()))
exec("class K:\n    y = x\n    def m(self): return y\n", g := {"x": 5, "y": "g"})
print(g["K"].y, g["K"]().m())
def closure():
    v = 1
    def read(): return v
    exec("v = 2", {}, {})
    return read()
print(closure())
code = compile("free = 3", "f", "exec")
exec(code); print(free)
def deleting():
    global x
    del x
deleting()
print("x" in globals())
try:
    x
except NameError as error:
    print(error)
def conditional(flag):
    if flag: value = 1
    return value
print(conditional(True))
try:
    conditional(False)
except UnboundLocalError as error:
    print(error, error.name)
def with_cells(): 
    for i in range(2):
        def get(): return i
        yield get
print([g() for g in with_cells()], [g() for g in list(with_cells())])
print(sorted(k for k in (lambda a, b=1: locals())(5)), (lambda: [locals() for z in range(1)])()[0])
print({k: 1 for k in "ab"} | {i: j for i in range(2) for j in [i * 2]}, eval("[i for i in range(n)]", {"n": 3}), (lambda *, k: k)(k=1))
class Body:
    n = 2
    vals = [lambda: n for _ in range(1)] if False else []
    for i in range(n): vals.append(i)
    locals()["dynamic"] = "set"
    del i
print(Body.vals, Body.dynamic, hasattr(Body, "i"))
exec(compile("from __future__ import annotations\nz: undefined", "f", "exec"), out := {})
print(out["__annotations__"] if "__annotations__" in out else out["__annotate__"](1))
