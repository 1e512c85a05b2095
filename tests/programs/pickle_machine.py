"""Pickles in every protocol: bytes that are CPython's, objects that come back, hooks, hostile data."""

import io
import pickle


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __eq__(self, other):
        return type(other) is Point and vars(self) == vars(other)


class Slots:
    __slots__ = ("a", "b")


class Setter:
    def __reduce__(self):
        return Setter, (), {"q": 1}, None, None, set_state


def set_state(target, state):
    target.state = state


slots = Slots()
slots.b = 5
values = [None, True, 255, 65536, -1, 2**70, 1.5, "text", "\ud800é", b"bytes", bytearray(b"ba"), (), (1,), (1, 2, 3, 4),
          [1, [2]], {"k": {1: 2}}, {7}, frozenset({8}), print, Point, Point(1, "y"), range(3), slice(1, 2), ...]
for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
    for value in values:
        data = pickle.dumps(value, protocol)
        assert data == pickle._dumps(value, protocol), (protocol, value)
        back = pickle.loads(data)
        assert back == value, (protocol, value, back)
        assert type(back) is type(value)
print(pickle.dumps(values[:20], 4).hex()[:160])
print(pickle.loads(pickle.dumps(slots, 2)).b, pickle.loads(pickle.dumps(Setter())).state)

# What contains itself.
recursive = [1]
recursive.append((recursive, {"self": recursive}))
copy = pickle.loads(pickle.dumps(recursive))
print(copy[1][0] is copy, copy[1][1]["self"] is copy)


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        return "the point" if isinstance(value, Point) else None

    def reducer_override(self, value):
        return (str, ("replaced",)) if isinstance(value, Slots) else NotImplemented


class Unpickler(pickle.Unpickler):
    def persistent_load(self, identity):
        return f"<{identity}>"

    def find_class(self, module, name):
        print("find", module, name)
        return super().find_class(module, name)


file = io.BytesIO()
Pickler(file).dump([Point(1, 2), slots, len])
file.seek(0)
print(Unpickler(file).load())

# Buffers out of band.
buffers = []
data = pickle.dumps([pickle.PickleBuffer(b"abc"), pickle.PickleBuffer(bytearray(b"def"))], 5, buffer_callback=buffers.append)
print(len(data), [bytes(buffer) for buffer in pickle.loads(data, buffers=buffers)])

# Several pickles in one file, and large ones that leave the frames.
file = io.BytesIO()
pickler = pickle.Pickler(file)
big = b"x" * 100_000
for value in (big, "second", big):
    pickler.dump(value)
file.seek(0)
unpickler = pickle.Unpickler(file)
print(unpickler.load() == big, unpickler.load(), unpickler.load() == big)

for bad in (b"", b".", b"(((", b"0.", b"h\x05.", b"\x80\xff.", b"X\xff\xff\xff\x7f", b"]e.", b"(R.", b"NNb.", b"\xff.",
            b"cos\nnope\n.", b"\x95\x01\0\0\0\0\0\0\0I1\n."):
    try:
        print(pickle.loads(bad))
    except Exception as error:
        print(type(error).__name__, error)
for value in (lambda: 0, (i for i in ()), [1, {2: Ellipsis, 3: open}, type("Local", (), {})()]):
    try:
        pickle.dumps(value)
    except Exception as error:
        print(type(error).__name__, str(error).split(" at ")[0][:40], getattr(error, "__notes__", None))
