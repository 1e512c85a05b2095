"""The traceback of an uncaught exception with its cause, context, and carets."""


def read(table, key):
    return table[key]


def convert(table, key):
    try:
        return int(read(table, key))
    except ValueError as error:
        raise RuntimeError("bad entry") from error


def lookup(key):
    table = {"a": "1", "b": "x"}
    try:
        return convert(table, key) + 1
    except RuntimeError:
        print("failing")
        return (undefined_name
                + 1)


print(lookup("a"))
lookup("b")
