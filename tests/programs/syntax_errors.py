"""Messages, lines and columns of syntax errors."""
SOURCES = [
    "x = ",
    "if x\n    pass",
    "print 'hello'",
    "def f(:\n    pass",
    "for x in y:\npass",
    "x = (1,\n     2",
    "a = 'unterminated",
    "f(a=1, 2)",
    "def f(a, a): pass",
    "return 1",
    "1 = x",
    "if x = 3: pass",
    "x = [1, 2",
    "class A:\n    def f(self):\n\treturn 1",
    "nonlocal x",
    "break",
    "f'{x'",
    "'\\N{no such name}'",
    "import a.b as",
    "async def f():\n    yield from x",
    "def f():\n    x = 1\n    global x",
    "x + 1 = 2",
    "try:\n    pass\n",
    "elif x: pass",
    "lambda: (yield) = 1",
    "0777",
    "1_000_",
    "f(**a, *b)",
    "del f()",
    "with open(x) as 1: pass",
    "match x:\n    case a: pass\n    case b: pass",
    "print(a b)",
    "x = 5 6",
    "a ==== b",
    "  x = 1",
    "}",
]
for source in SOURCES:
    try:
        compile(source, "source", "exec")
    except SyntaxError as error:
        print(f"{source!r}: {type(error).__name__}: {error.msg} ({error.lineno}:{error.offset}-{error.end_lineno}:{error.end_offset})")
    else:
        print(f"{source!r}: fine")
