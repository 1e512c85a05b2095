# What code objects show is the same object each time.
def outer(a, b=1, *, c=2):
    cell = a

    def inner(free):
        try:
            return [len, "text", 1.5, cell, free]
        finally:
            print

    return inner


for code in (outer.__code__, outer(1).__code__, (lambda: (yield)).__code__, compile("x = 1", "<text>", "exec")):
    names = "co_names co_consts co_varnames co_cellvars co_freevars co_code co_linetable co_exceptiontable co_name co_qualname co_filename"
    print(all(getattr(code, name) is getattr(code, name) for name in names.split()))
    print(code.co_names, code.co_varnames, code.co_cellvars, code.co_freevars, code.co_filename == __file__)
    changed = code.replace(co_name="changed", co_consts=code.co_consts + ("more",))
    print(changed.co_consts[:-1] == code.co_consts, changed.co_consts is changed.co_consts, changed.co_names == code.co_names, changed == code)
