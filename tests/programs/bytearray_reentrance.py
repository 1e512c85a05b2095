"""Methods of bytes and bytearray that run Python while they look at their data."""


def attempt(function, *args):
    try:
        print(repr(function(*args)))
    except Exception as error:
        print(type(error).__name__, error)


class Clearing:
    def __init__(self, array): self.array = array
    def __index__(self):
        self.array.clear()
        return 65


class Separator(bytes):
    array = None
    def __len__(self):
        self.array.clear()
        return 1


class Shown:
    def __init__(self, array): self.array = array
    def __repr__(self):
        self.array.clear()
        return "shown"


for name in ("find", "rfind", "index", "rindex", "count"):
    array = bytearray(b"A")
    attempt(getattr(array, name), Clearing(array))
array = bytearray(b"A")
attempt(lambda: Clearing(array) in array)
Separator.array = array
attempt(array.hex, Separator(b":"))
array = bytearray(b"%a end")
attempt(array.__mod__, Shown(array))


def items(array):
    array.clear()
    yield b"A"


array = bytearray(b",")
attempt(array.join, items(array))


class Mutating:
    def __buffer__(self, flags):
        sequence.clear()
        return memoryview(b"x")


sequence = [b"a", Mutating(), b"c"]
attempt(b",".join, sequence)


class Growing:
    def __buffer__(self, flags):
        array.extend(b"y" * 3)
        return memoryview(b"NEW")


array = bytearray(b"xxx")
array.extend(Growing())
print(array)


def progress():
    for value in range(3):
        yield value
        print(list(array))


array = bytearray()
array.__init__(progress())
print(array)
array = bytearray(b"abcdef")
array[1:-1:2] = b""
print(array, bytearray(b"'"), bytearray(b'"'))


class Slotted(bytearray):
    __slots__ = ("x", "__dict__")


import copy
slotted = Slotted(b"abc")
slotted.x, slotted.y = 1, 2
again = copy.copy(slotted)
print(again, again.x, again.y)


class Text(str):
    def __bytes__(self): return b"from __bytes__"


attempt(bytes, Text("text"))
attempt(bytes, Text("text"), "ascii")
attempt(bytes, "", "ascii", 1)
attempt(lambda: bytes("", errors="ignore"))
attempt(lambda: bytearray("text"))


class HashReleases(bytes):
    def __hash__(self):
        view.release()
        return 1


view = memoryview(HashReleases(b"abc"))
attempt(hash, view)


class Releases:
    def __index__(self):
        view.release()
        return 1


for action in (lambda: view[Releases()], lambda: view.__setitem__(slice(Releases()), b"x"), lambda: view.__setitem__(0, Releases())):
    view = memoryview(bytearray(b"abc"))
    attempt(action)
