"""Warnings: where they go, filters, catching, turning into errors."""
import sys
import warnings

warnings.warn("to standard error")
warnings.warn("deprecated shown in __main__", DeprecationWarning)
warnings.warn("twice"); warnings.warn("twice")


def helper():
    warnings.warn("points at the caller", UserWarning, stacklevel=2)


helper()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    warnings.warn("recorded", RuntimeWarning)
    warnings.warn("again")
    print([(str(w.message), w.category.__name__) for w in caught])
with warnings.catch_warnings():
    warnings.simplefilter("error")
    try:
        warnings.warn("as error", FutureWarning)
    except FutureWarning as error:
        print("raised", error)
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="quiet.*")
    warnings.warn("quiet please")
    warnings.warn("not quiet")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    exec(compile("assert (1, 'x')\nx = 1 is 1\n'\\d'\n5[0]", "source", "exec").replace() if False else "pass")
    for source in "assert (1, 'x')", "1 is 1", "'\\d'", "x = 5()", "[1]['a']":
        compile(source, "source", "exec")
    print([f"{w.category.__name__}: {w.message}" for w in caught])


@warnings.deprecated("use something else")
def old(): return 1


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print(old(), caught[0].message)
print(warnings.formatwarning("text", UserWarning, "file.py", 5, "line"), end="")
try:
    warnings.warn("x", int)
except TypeError as error:
    print(error)
sys.stderr.flush()
