"""The interactive prompt: what runs when the program is started without one, or with -i."""

import code
import sys


def _read(prompt):
    """A line from standard input; without a terminal the prompt goes to standard error."""
    if sys.stdin is sys.__stdin__ and sys.stdin.isatty():
        return input(prompt)
    sys.stderr.write(str(prompt))
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.removesuffix("\n")


def _read_startup_file(namespace):
    import os
    name = None if sys.flags.ignore_environment else os.environ.get("PYTHONSTARTUP")
    if not name:
        return
    try:
        with open(name, "rb") as file:
            exec(compile(file.read(), name, "exec"), namespace)
    except Exception:
        sys.excepthook(*sys.exc_info())


def run(namespace, greets):
    """Reads and runs statements until the end of the input."""
    banner = ""
    if greets:
        banner = f"Python {sys.version} on {sys.platform}\nType \"help\", \"copyright\", \"credits\" or \"license\" for more information."
    _read_startup_file(namespace)
    hook = getattr(sys, "__interactivehook__", None)
    if hook is not None and sys.stdin is not None and sys.stdin.isatty():
        try:
            hook()
        except Exception:
            sys.excepthook(*sys.exc_info())
    console = code.InteractiveConsole(namespace, "<stdin>")
    console.raw_input = _read
    console.interact(banner or None if greets else "", exitmsg="")
