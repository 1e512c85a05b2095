# C data and C functions: layouts, pointers, arrays, calls, callbacks.
import ctypes
import pickle
from ctypes import *

libc = CDLL(None, use_errno=True)

# Simple values.
print(c_int(-1), c_uint(-1), c_ubyte(300), c_char(b"x"), c_wchar("ä"), c_bool(3), c_double(0.1), c_float(0.1).value)
print(c_longdouble(1 / 3), c_char_p(b"text").value, c_wchar_p("text").value, c_void_p(None).value, py_object([1]).value)
print(c_short.__ctype_be__(258), bytes(c_short.__ctype_be__(258)), bytes(c_short(258)))
for bad in (lambda: c_int("x"), lambda: c_char(b"xy"), lambda: c_char_p("x"), lambda: c_double(None), lambda: py_object().value):
    try:
        print(bad())
    except Exception as error:
        print(type(error).__name__, error)


# Structures: padding, bit fields, anonymous members, byte order, bases.
class Point(Structure):
    _fields_ = [("x", c_int), ("y", c_double)]


class Bits(Structure):
    _fields_ = [("a", c_uint, 3), ("b", c_uint, 5), ("c", c_int, 7), ("d", c_ushort, 4)]


class Number(Union):
    _fields_ = [("i", c_uint32), ("f", c_float), ("raw", c_ubyte * 4)]


class Tagged(Structure):
    _anonymous_ = ["number"]
    _fields_ = [("tag", c_char), ("number", Number), ("next", POINTER(Point)), ("name", c_char * 8)]


class Derived(Point):
    _fields_ = [("z", c_short)]


class Packed(BigEndianStructure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("a", c_ubyte), ("b", c_uint32), ("c", c_ushort)]


for cls in (Point, Bits, Number, Tagged, Derived, Packed):
    print(cls.__name__, sizeof(cls), alignment(cls), memoryview(cls()).format)
print(Point.y, Bits.c, Bits.c.bit_size, Tagged.i, Packed.b.offset)
bits = Bits(9, 31, -1, 200)
print(bits.a, bits.b, bits.c, bits.d, bytes(bits)[:2])
tagged = Tagged(b"t", name=b"abc", f=1.0)
print(tagged.i, list(tagged.raw), tagged.name, tagged.tag, bool(tagged.next))
point = Point(1, 2.5)
tagged.next = pointer(point)
tagged.next.contents.x = 7
print(point.x, tagged.next[0].y, sorted(tagged._objects))
derived = Derived(1, 2, 3)
print(derived.x, derived.y, derived.z, bytes(Packed(1, 2, 3)))
try:
    Point(1, 2, 3)
except TypeError as error:
    print(error)
try:
    Point._fields_ = []
except AttributeError as error:
    print(error)
copy = pickle.loads(pickle.dumps(point))
print(copy.x, copy.y)

# Arrays and pointers.
numbers = (c_int * 5)(5, 3, 9, 1)
print(numbers[:], numbers[-2], len(numbers), numbers[::-2])
numbers[1:3] = [30, 90]
print(list(numbers), sizeof(numbers), (c_int * 2 * 3)._length_, c_int * 5 is type(numbers))
matrix = (c_int * 2 * 3)((1, 2), (3, 4))
print([list(row) for row in matrix], memoryview(matrix).shape, memoryview(matrix).format)
text = create_string_buffer(b"hello", 10)
print(text.value, text.raw, sizeof(text), text[1:3])
wide = create_unicode_buffer("grün")
print(wide.value, sizeof(wide), wide[1:3])
start = cast(numbers, POINTER(c_int))
print(start[3], start[0:5], start.contents)
view = (c_ubyte * 4).from_buffer(memory := bytearray(b"abcdef"), 1)
view[0] = 0x58
print(memory, bytes(view))
try:
    memory.append(1)
except BufferError as error:
    print(error)
print(Point.from_buffer_copy(bytes(point)).y, c_int.from_address(addressof(point)).value)

# Calls.
libc.strlen.argtypes = [c_char_p]
libc.strlen.restype = c_size_t
print(libc.strlen(b"four"), libc.abs(-3), libc.toupper(ord("a")))
print(libc.snprintf(text, sizeof(text), b"%d %.2f %s", 42, c_double(1.5), b"z"), text.value)
print([string_at(addressof(text), 2), memmove(text, b"QQ", 2) == addressof(text), text.value])


class Division(Structure):
    _fields_ = [("quotient", c_long), ("remainder", c_long)]


libc.ldiv.restype = Division
libc.ldiv.argtypes = [c_long, c_long]
result = libc.ldiv(17, 5)
print(result.quotient, result.remainder)
for call in (lambda: libc.strlen(5.5), lambda: libc.abs(1.5), lambda: libc.strlen(), lambda: libc.no_such_function):
    try:
        call()
    except Exception as error:
        print(type(error).__name__, str(error).split(": ", 1)[-1])


# Callbacks.
Compare = CFUNCTYPE(c_int, POINTER(c_int), POINTER(c_int))


@Compare
def compare(a, b):
    return a[0] - b[0]


libc.qsort.restype = None
libc.qsort(numbers, c_size_t(len(numbers)), c_size_t(sizeof(c_int)), compare)
print(list(numbers))


@CFUNCTYPE(c_double, c_int, c_double, c_float, c_longlong, c_char, c_bool, c_short, c_double, c_int, c_ubyte, c_double)
def many(*values):
    print(values)
    return sum(value for value in values if not isinstance(value, bytes))


print(many(1, 2.5, 0.5, -4, b"c", True, 6, 7.25, 8, 255, 10.0))


@CFUNCTYPE(c_int, Point, POINTER(Point))
def by_value(a, b):
    a.x = 100
    return b.contents.x + int(a.y)


print(by_value(point, byref(point)), point.x)

# Prototypes with parameter flags, errcheck.
prototype = CFUNCTYPE(c_double, c_double, POINTER(c_int))
frexp = prototype(("frexp", libc if hasattr(libc, "frexp") else CDLL("libm.so.6")), ((1, "value"), (2, "exponent")))
print(frexp(12.0), frexp(value=0.75))
frexp.errcheck = lambda result, function, arguments: (result, arguments[1].value)
print(frexp(12.0))
set_errno(5)
print(get_errno(), set_errno(0), ctypes.pythonapi.PyLong_AsLong(py_object(41)) + 1)
