"""Exceptions: matching, else and finally, re-raising, chaining, notes, groups."""


def steps(error):
    trace = []
    try:
        trace.append("try")
        if error:
            raise error
    except (KeyError, IndexError) as caught:
        trace.append(f"lookup {caught!r}")
    except Exception as caught:
        trace.append(f"other {caught!r}")
    else:
        trace.append("else")
    finally:
        trace.append("finally")
    return trace


for error in None, KeyError("k"), IndexError(1, 2), OSError(2, "No such file", "name"):
    print(steps(error))


def override():
    try:
        return "try"
    finally:
        print("on the way out")


print(override())
try:
    try:
        1 / 0
    except ZeroDivisionError as first:
        raise ValueError("second") from first
except ValueError as second:
    print(repr(second.__cause__), second.__suppress_context__)
try:
    try:
        {}["missing"]
    except KeyError:
        raise TypeError("while handling")
except TypeError as error:
    print(repr(error.__context__), error.__cause__)
try:
    name
except NameError as name:
    pass
try:
    name
except NameError as error:
    print(error)

error = ValueError("x")
error.add_note("a note")
print(error.__notes__, error.args, str(error), repr(error))
try:
    raise ExceptionGroup("many", [ValueError(1), TypeError(2), ExceptionGroup("more", [ValueError(3)])])
except* ValueError as group:
    print("values", group.exceptions)
except* TypeError as group:
    print("types", group.exceptions)
for wrong in 5, "text", object:
    try:
        raise wrong
    except TypeError as error:
        print(error)
try:
    raise OSError(13, "Permission denied", "file")
except PermissionError as error:
    print(error, error.errno, error.filename)
