"""io: text and binary streams, buffering, seeking, newlines, encodings."""
import io
import os
import tempfile

s = io.StringIO("line one\nline two\nrest")
print(s.readline(), s.read(4), s.tell(), s.readlines(), s.seek(0), list(s)[-1])
s.seek(0, 2); s.write("!"); s.truncate(5)
print(repr(s.getvalue()), s.closed)
b = io.BytesIO(b"abcdef")
print(b.read(2), b.read1(1), b.getbuffer()[3:].tobytes(), b.seek(-1, 2), b.read(), b.readinto(bytearray(2)))
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "file.txt")
    with open(path, "w", encoding="utf-8", newline="") as f:
        print(f.write("héllo\r\nwörld\n"), f.name == path, f.mode, f.encoding, f.writable(), f.readable())
    with open(path, encoding="utf-8") as f:
        print(repr(f.read()), f.newlines)
    with open(path, "rb") as f:
        print(f.read(), f.seek(2), f.peek(1)[:2], f.tell(), type(f).__name__, type(f.raw).__name__)
    with open(path, encoding="latin-1", newline="\n") as f:
        print(f.readlines())
    with open(path, "r+", encoding="utf-8") as f:
        f.readline(); position = f.tell(); f.seek(0); f.write("HE"); f.seek(position); print(f.read())
    with open(path, "ab") as f:
        f.write(b"\xff"); print(f.tell())
    for errors in "strict", "replace", "ignore", "surrogateescape", "backslashreplace":
        try:
            with open(path, encoding="utf-8", errors=errors) as f:
                print(ascii(f.read()[-3:]))
        except UnicodeDecodeError as error:
            print(error)
    with open(path, "xb") if not os.path.exists(path) else open(path, "wb", buffering=0) as f:
        print(type(f).__name__, f.write(b"raw"))
    for mode in "q", "rw", "rbt", "", "r+w":
        try:
            open(path, mode)
        except ValueError as error:
            print(error)
    try:
        open(os.path.join(folder, "none"))
    except FileNotFoundError as error:
        print(error.errno, error.strerror, os.path.basename(error.filename))
    f = open(path); f.close()
    for action in f.read, lambda: f.write("x"), f.__enter__:
        try:
            action()
        except ValueError as error:
            print(error)
    with open(path) as f:
        try:
            f.write("x")
        except io.UnsupportedOperation as error:
            print(error)
    with open(path, "w") as f:
        print("a", 1, None, sep="-", end="|\n", file=f); f.writelines(["x\n", "y"])
    print(open(path).read().splitlines(), sum(1 for _ in open(path)))
t = io.TextIOWrapper(io.BytesIO(b"a\r\nb\rc"), encoding="ascii")
print(t.readlines(), t.encoding, t.detach().getvalue())
r = io.BufferedReader(io.BytesIO(bytes(range(100))), 8)
print(r.read(3), r.peek()[:3], r.read1(2), len(r.read()))
