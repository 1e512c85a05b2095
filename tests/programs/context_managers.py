"""The with statement and contextlib."""
import contextlib


class Manager:
    def __init__(self, name, swallow=False): self.name, self.swallow = name, swallow
    def __enter__(self): print("enter", self.name); return self
    def __exit__(self, kind, error, traceback):
        print("exit", self.name, kind.__name__ if kind else None, error)
        return self.swallow


with Manager("a") as a, Manager("b"):
    print("body", a.name)
with (Manager("swallows", True), Manager("passes")):
    raise ValueError("inside")


def early():
    with Manager("returns"):
        return "value"


print(early())
for i in range(3):
    with Manager(f"loop {i}"):
        if i == 0: continue
        break


@contextlib.contextmanager
def managed(x):
    print("setup", x)
    try:
        yield x * 2
    except KeyError as error:
        print("handled", error)
    finally:
        print("teardown")


with managed(3) as value:
    print(value)
with managed(4):
    raise KeyError("k")
try:
    with 5: pass
except TypeError as error:
    print(error)
with contextlib.suppress(ZeroDivisionError):
    1 / 0
with contextlib.ExitStack() as stack:
    for n in "xy":
        stack.enter_context(Manager(n))
    stack.callback(print, "callback")
import io
with contextlib.redirect_stdout(io.StringIO()) as out:
    print("captured")
print(repr(out.getvalue()))


@contextlib.contextmanager
def broken():
    if False: yield


try:
    with broken(): pass
except RuntimeError as error:
    print(error)
with contextlib.closing(io.StringIO("text")) as f, contextlib.nullcontext(5) as n:
    print(f.read(), n)
print(f.closed)
