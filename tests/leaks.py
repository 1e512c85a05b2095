"""Runs programs again and again in one process, and complains about those after which more objects live than before.

    scoria tests/leaks.py PROGRAM.py ...

What a program prints is thrown away. The first runs fill caches (imports, compiled patterns, interned names); from then
on the number of live objects has to stay the same.
"""

import contextlib
import gc
import io
import sys

WARM_RUNS = 3
RUNS = 6
# What comes into being once, late (code that is compiled after so many calls), is no leak.
SETTLED = 2


def run(code, path):
    namespace = {"__name__": "__main__", "__file__": path, "__builtins__": __builtins__}
    module = type(sys)("__main__")
    module.__dict__.update(namespace)
    saved = sys.modules["__main__"]
    sys.modules["__main__"] = module
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                exec(code, module.__dict__)
            except (SystemExit, Exception):
                pass
    finally:
        sys.modules["__main__"] = saved
    module.__dict__.clear()
    del module, namespace


def live(code, path):
    run(code, path)
    gc.collect()
    gc.collect()
    return sys.getallocatedblocks()


def check(path):
    with open(path, encoding="utf-8") as file:
        code = compile(file.read(), path, "exec")
    for _ in range(WARM_RUNS):
        live(code, path)
    if not grows(code, path):
        return True
    # Something may come into being once later still, and code that died may wait for the next that is compiled; what leaks grows on.
    counts = grows(code, path)
    if counts:
        print(f"{path}: {counts[-1] - counts[SETTLED]} more objects after {RUNS} runs: {counts}")
    return not counts


def grows(code, path):
    """The numbers of live objects after some runs, if there are more and more."""
    counts = [0] * RUNS
    for index in range(RUNS):
        counts[index] = live(code, path)
    return counts if counts[-1] - counts[SETTLED] >= RUNS - 1 - SETTLED else None


if not all([check(path) for path in sys.argv[1:]]):
    sys.exit(1)
