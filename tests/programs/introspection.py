"""Frames, code objects, tracing, inspect."""
import inspect
import sys
import types


def f(a, b: int = 2, *args, c, **kw) -> str:
    """Doc of f."""
    local = 1
    frame = sys._getframe()
    return frame.f_code.co_name, sorted(frame.f_locals), frame.f_lineno - frame.f_code.co_firstlineno, frame.f_back.f_code.co_name


print(f(1, c=3), inspect.signature(f), inspect.getdoc(f), inspect.getfullargspec(f).kwonlyargs)
code = f.__code__
print(code.co_argcount, code.co_kwonlyargcount, code.co_varnames, code.co_names[:2], code.co_flags & inspect.CO_VARARGS, code.co_name, code.co_qualname, code.co_consts[0])
print([str(p.kind) for p in inspect.signature(f).parameters.values()], inspect.signature(f).bind(1, c=2).arguments, inspect.signature(len), inspect.signature(str.split), inspect.signature(int) if False else "")
print(inspect.getsource(f).splitlines()[0], inspect.isfunction(f), inspect.ismethod([].append), inspect.isbuiltin(len), inspect.isclass(int), inspect.isgeneratorfunction(lambda: (yield)))


def traced(x):
    y = x + 1
    for i in range(2):
        y += i
    return y


events = []
def tracer(frame, event, arg):
    if frame.f_code.co_name == "traced":
        events.append((event, frame.f_lineno - frame.f_code.co_firstlineno, arg))
        return tracer
sys.settrace(tracer)
traced(1)
sys.settrace(None)
print(events)
calls = []
sys.setprofile(lambda frame, event, arg: calls.append((event, getattr(arg, "__name__", frame.f_code.co_name))))
len([]); traced(1)
sys.setprofile(None)
print(calls)


def generator():
    x = 1
    yield
g = generator(); next(g)
print(g.gi_frame.f_locals, g.gi_running, g.gi_suspended, inspect.getgeneratorstate(g), g.gi_frame.f_lineno - g.gi_code.co_firstlineno)
class A:
    z = 1
    def m(self): pass
    @staticmethod
    def s(): pass
    @classmethod
    def c(cls): pass
    @property
    def p(self): pass
print([(x.name, x.kind) for x in inspect.classify_class_attrs(A) if x.defining_class is A and not x.name.startswith("__")], A.m.__qualname__, A().m.__self__.__class__.__name__, A().m.__func__ is A.m, A().m == A().m)
new = types.FunctionType(code.replace(co_name="renamed"), globals(), "n", (5,))
print(new.__name__, new.__code__.co_name, types.SimpleNamespace(a=1, b=2), types.MappingProxyType({"a": 1}), types.MethodType(lambda s: s, 5)(), types.new_class("K", (int,)).__mro__[1])
def locals_test():
    x = 1
    snapshot = locals()
    x = 2
    snapshot["x"] = 50
    frame = sys._getframe(); frame.f_locals["x"] = 99
    return x, snapshot
print(locals_test(), sys.getrefcount(object()) >= 1, sys.getsizeof([]) > 0, sys.intern("abc") is sys.intern("abc"), sys.implementation.cache_tag is not None, sys.byteorder, sys.maxsize, sys.version_info[:2], sys.float_info.dig, sys.int_info.bits_per_digit > 0)
