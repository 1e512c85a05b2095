"""Type comments in syntax trees, syntax of earlier versions, and where a module's code begins."""

import ast

SOURCE = """\
x = []  # type: List[int]
for a in x:  # type: int
    pass
with open(x) as f, (g):  #type:  File
    pass
def f(a,  # type: int
      *args,  # type: str
      b=1,  # type: bool
      **kw  # type: float
      ):
    # type: (...) -> None
    y = 1  # type: ignore[tag]
async def g(): # type: () -> int
    pass
# type: ignore
"""
tree = ast.parse(SOURCE, type_comments=True)
for node in ast.walk(tree):
    if getattr(node, "type_comment", None):
        print(type(node).__name__, repr(node.type_comment))
print([(ignore.lineno, ignore.tag) for ignore in tree.type_ignores])
print(any(getattr(node, "type_comment", None) for node in ast.walk(ast.parse(SOURCE))))
for wrong in ("x = (  # type: int\n1)", "def f(*, # type: int\n  a): pass", "def f():  # type: () -> int\n  # type: () -> int\n  pass", "pass # type: int"):
    try:
        ast.parse(wrong, type_comments=True)
    except SyntaxError as error:
        print(error.msg, error.lineno)
NEWER = {
    "async def f(): pass": 5, "a @ b": 5, "x: int": 6, "1_0": 6, "def f(a, /): pass": 8, "(a := 1)": 8, "match x:\n  case 1: pass": 10,
    "try: pass\nexcept* A: pass": 11, "type X = int": 12, "def f[T](): pass": 12, "def f[T = int](): pass": 13, "t''": 14,
}
for source, minor in NEWER.items():
    ast.parse(source, feature_version=(3, minor))
    try:
        ast.parse(source, feature_version=(3, minor - 1))
    except SyntaxError as error:
        print(error.msg)
code = compile("\n\npass", "", "exec")
print(list(code.co_lines()), list(code.co_positions())[0])


def outer(a=1, b=2):
    def f(c=3, d=4): return c
    print(a, "", f)


print([constant for constant in outer.__code__.co_consts if not hasattr(constant, "co_code")])
