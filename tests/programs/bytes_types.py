"""bytes, bytearray and memoryview."""
b = b"hello\x00\xff"
print(b, b[0], b[1:3], b.hex(" "), bytes.fromhex("de ad"), bytes(3), bytes([65, 66]), bytes("é", "utf-8"), b"%d %s %r" % (5, b"x", "y"))
print(b.find(b"l"), b.split(b"l"), b.replace(b"l", b"L"), b"a,b".partition(b","), b" x ".strip(), b"abc".upper(), b"-".join([b"a", b"b"]), 104 in b, b"ell" in b)
a = bytearray(b"abc")
a.append(100)
a += b"ef"
a.extend([103])
a[1:2] = b"XYZ"
del a[0]
a.insert(0, 33)
print(a, a.pop(), a.pop(0), a.reverse(), a, a.index(b"Y"), a == bytes(a), a.copy() is a)
m = memoryview(bytearray(range(8)))
print(m[2], m[1:4].tolist(), m.nbytes, m.format, m.readonly, m.cast("H").tolist(), bytes(m[::-2]), m[2:4] == b"\x02\x03")
m[0:2] = b"\xff\xfe"
print(bytes(m), m.obj[:2])
for bad in ("b'a' + 'b'", "bytes([256])", "bytes(-1)", "bytes(b'abc')['a']", "bytearray(b'x').append(300)", "bytes('x')", "b''.join(['a'])", "bytes.fromhex('zz')", "b'x'.decode('nope')", "int(b'12') + 1", "b'a' < 'a'", "hash(bytearray())", "memoryview('x')"):
    try:
        print(bad, eval(bad))
    except Exception as error:
        print(bad, type(error).__name__, error)
locked = bytearray(b"123")
view = memoryview(locked)
try:
    locked.append(1)
except BufferError as error:
    print(error)
view.release()
locked.append(52)
print(locked, bytes(reversed(b"abc")), b"abc".translate(bytes.maketrans(b"a", b"z"), b"c"), b"a\tb".expandtabs(4), b"\xe9".decode("latin-1"), b"\xff".decode(errors="replace"), b"\xff\x41".decode("utf-8", "surrogateescape").encode("utf-8", "surrogateescape"))


class Export:
    def __buffer__(self, flags): return memoryview(b"exported")


print(bytes(Export()), bytes(memoryview(Export())[2:4]))
