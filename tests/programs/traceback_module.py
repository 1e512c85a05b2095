"""The traceback module: format_exc, extract, stacks, suggestions."""
import traceback


def f():
    g()


def g():
    x = {"a": [1, 2]}
    return x["a"][5]


try:
    f()
except IndexError as error:
    text = traceback.format_exc()
    print(text.replace(__file__, "FILE"))
    for frame in traceback.extract_tb(error.__traceback__):
        print(frame.name, frame.lineno, frame.line)
    print(traceback.format_exception_only(error))
try:
    "text".uper()
except AttributeError as error:
    print(traceback.format_exception_only(error))
try:
    prnt
except NameError as error:
    print(traceback.format_exception_only(error))
try:
    eval("1 +")
except SyntaxError as error:
    print("".join(traceback.format_exception_only(error)))
