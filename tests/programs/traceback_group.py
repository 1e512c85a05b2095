"""The traceback of an uncaught exception group with notes."""


def part(n):
    raise ValueError(f"part {n}")


def collect():
    errors = []
    for n in range(2):
        try:
            part(n)
        except ValueError as error:
            error.add_note(f"note {n}")
            errors.append(error)
    raise ExceptionGroup("both", errors + [KeyError("bare")])


collect()
