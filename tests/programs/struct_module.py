"""struct and array."""
import array
import struct

print(struct.pack("<bBhHiIqQ", -1, 255, -2, 65535, -3, 2 ** 32 - 1, -4, 2 ** 64 - 1))
print(struct.pack(">fd?3sxp", 1.5, -2.25, True, b"abcd", b"x"), struct.pack("e", 0.5), struct.calcsize("bi"), struct.calcsize("<bi"), struct.calcsize("@lqP"))
print(struct.unpack("<hI", b"\x01\x00\xff\xff\xff\xff"), struct.unpack_from(">H", b"\x00\x01\x02", 1), list(struct.iter_unpack("<H", b"\x01\x00\x02\x00")))
buffer = bytearray(8)
struct.pack_into(">HH", buffer, 2, 1, 2)
print(buffer, struct.Struct("<2i").unpack(struct.pack("<2i", 1, -1)), struct.Struct("<h").size, struct.unpack("5p", b"\x03abcd"))
for bad in (lambda: struct.pack("b", 200), lambda: struct.pack("H", -1), lambda: struct.unpack("i", b"abc"), lambda: struct.pack("i"), lambda: struct.pack("i", "x"), lambda: struct.calcsize("z"), lambda: struct.pack("f", 1e300), lambda: struct.pack_into("i", buffer, 6, 1), lambda: struct.pack("s", 5), lambda: struct.unpack_from("i", b"abc")):
    try:
        print(bad())
    except (struct.error, OverflowError) as error:
        print(type(error).__name__, error)
a = array.array("i", [1, 2, 3])
a.append(4); a.extend([5, 6]); a[0] = -1; del a[1]
print(a, a.itemsize, a.tobytes()[:4], a[1:3], a.index(4), a.pop(), sum(a), array.array("d", [1.5]) * 2, array.array("w", "hé"))
a.byteswap()
print(a[0], a.typecode, array.array("B", b"xyz").tolist(), memoryview(array.array("H", [1, 2])).format)
for bad in (lambda: a.append("x"), lambda: array.array("q!", []), lambda: array.array("b", [200]), lambda: array.array("z")):
    try:
        bad()
    except (TypeError, ValueError, OverflowError) as error:
        print(type(error).__name__, error)
