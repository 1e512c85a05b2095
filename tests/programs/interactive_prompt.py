"""The interactive prompt on a terminal, on a simple terminal, and on a pipe."""

import os
import pty
import re
import select
import subprocess
import sys
import tempfile

# What the library's prompt sends when it begins and when it ends to read a statement.
READS, HAS_READ = b"\x1b[?2004h", b"\x1b[?2004l"


class Session:
    """A process on a terminal of its own."""

    def __init__(self, *arguments, prompt=READS, **environment):
        self.prompt = prompt
        self.seen = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LC_ALL", "TZ")}
            kept |= {"TERM": "xterm", "HOME": HOME, "NO_COLOR": "1"} | environment
            os.execve(sys.executable, [sys.executable, "-q", *arguments], {name: value for name, value in kept.items() if value})

    def wait(self, after=b""):
        """What comes up to the next prompt or the end, without what the line editor draws."""
        found = False
        while not found:
            ready, _, _ = select.select([self.terminal], [], [], 30)
            try:
                data = os.read(self.terminal, 1 << 16) if ready else b""
            except OSError:
                data = b""
            if not data:
                break
            self.seen += data
            _, began, answer = self.seen.partition(after) if after else ("", True, self.seen)
            found = began and self.prompt in answer
        text = self.seen.partition(after)[2] if after else self.seen
        text, _, self.seen = text.partition(self.prompt)
        text = re.sub(r"\x1b(\[\?[0-9]+[hl]|\[0m|[>=])", "", text.decode()).replace("\r\n", "\n")
        return text, found

    def say(self, *statements):
        """Types statements; prints what each led to."""
        print(repr(self.wait()[0]))
        for statement in statements:
            os.write(self.terminal, statement.encode())
            answer, goes_on = self.wait(HAS_READ if self.prompt == READS else b"")
            print(f"{statement!r} -> {answer!r}")
            if not goes_on:
                break
        _, status = os.waitpid(self.pid, 0)
        print("status", os.waitstatus_to_exitcode(status))
        os.close(self.terminal)


def pipe(*arguments, text):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run([sys.executable, *arguments], input=text, capture_output=True, text=True, env=environment)
    print(arguments, done.returncode)
    print(done.stdout, done.stderr, sep="---\n")


with tempfile.TemporaryDirectory() as HOME:
    print("terminal")
    Session().say(
        "1 + 1\n",
        "for i in range(3):\nprint(i * 10)\n\n",
        "class A:\ndef f(self):\nreturn 1 / 0\n\n",
        "A().f()\n",
        "x = = 1\n",
        "_\n",
        "[1,\n2]\n",
        "'\u00e9\u4e2d' * 2\n",
        "\x10 + '!'\n",
        "import os\n",
        "os.linese\t == '\\n'\n",
        "raise KeyboardInterrupt\n",
        "exit\n",
    )
    with open(os.path.join(HOME, ".python_history")) as file:
        print(file.read())

    print("colours")
    Session(NO_COLOR="", PYTHON_COLORS="1").say("def f(): return 1 + 'a'\n\n", "f()\n", "import sys; sys.exit('end')\n")

    print("end of file, start-up file, history elsewhere")
    start, history = os.path.join(HOME, "start.py"), os.path.join(HOME, "history")
    with open(start, "w") as file:
        file.write("ready = 7\nprint('started')\n")
    Session(PYTHONSTARTUP=start, PYTHON_HISTORY=history).say("ready\n", "import sys; sys.ps1, sys.ps2\n", "\x04")
    with open(history) as file:
        print(file.read())

    print("after a program")
    Session("-i", "-c", "y = 3; raise SystemExit(5)").say("y\n", "import sys; sys.last_exc\n", "sys.exit(4)\n")
    Session("-c", "y = 3", PYTHONINSPECT="1").say("y\n", "quit()\n")

    print("basic prompts")
    Session(prompt=b">>> ", PYTHON_BASIC_REPL="1").say("1 + 1\n", "1 / 0\n", "\x04")
    Session(prompt=b">>> ", TERM="dumb").say("2 * 3\n", "raise SystemExit(3)\n")

    print("asyncio")
    Session("-m", "asyncio").say("await asyncio.sleep(0, 'slept')\n", "exit()\n")

pipe("-i", "-q", text="1 + 1\n1 / 0\ndef f():\n  return 5\n\nf()\nx = (\n  1)\nx\n# comment\n\nif 1:\n  2\nclass A:\n def f(self):\n\n@f\n\n1 2\nreturn\n'\\d'\n")
pipe("-i", "-q", text="import sys\nsys.ps1, sys.ps2 = 'A ', 'B '\nif 1:\n  3\n\ndel sys.ps1, sys.ps2\n4\nsys.exit(6)\n5\n")
pipe("-i", "-c", "a = 1; 1 / 0", text="a\nfrom __future__ import annotations\ndef f(x: y): pass\n\nf.__annotations__\nunfinished = [\n")
pipe("-i", "-c", "raise SystemExit(3)", text="import traceback\ndef f(): traceback.print_stack()\n\nf()\nraise SystemExit(2)")
pipe("-", text="print('all at once')\n1 / 0\n")
pipe("-c", "import sys; sys._baserepl()", text="print('base')\n")
