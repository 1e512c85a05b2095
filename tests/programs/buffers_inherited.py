"""__buffer__ of a native base, called by super; ctypes objects that were resized, as bytes."""
import ctypes


class Shown(bytearray):
    def __buffer__(self, flags):
        view = super().__buffer__(flags)
        print("flags", flags, view.obj is self, view.readonly)
        return view


shown = Shown(b"abc")
with memoryview(shown) as view: print(bytes(view))
for flags in 0, 1, 0x11d, 2**40, "x", -1:
    for memory in b"abc", bytearray(b"abc"):
        try:
            view = memory.__buffer__(flags)
            print(flags, view.readonly, view.obj is memory, bytes(view))
        except Exception as error: print(flags, type(error).__name__, error)


class Empty(ctypes.Structure): pass
class Pair(ctypes.Structure): _fields_ = [("a", ctypes.c_int)]


for kind, size in (Empty, 5), (Pair, 9), (ctypes.c_int * 2, 16):
    object = kind()
    ctypes.resize(object, size)
    view = memoryview(object)
    print(view.nbytes, view.itemsize, view.shape, view.format, view.ndim, len(view.cast("B")), view.tobytes() == bytes(size))
    view.cast("B")[:] = bytes(range(size))
    print(bytes(view.cast("B")))
