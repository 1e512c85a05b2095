"""Indexing and slicing of sequences, and of classes that take slices."""
text, numbers = "abcdefgh", list(range(10))
for s in slice(2, 5), slice(None, None, -1), slice(-3, None), slice(None, -3), slice(1, 8, 3), slice(8, 1, -2), slice(100, 200), slice(5, 2):
    print(s, text[s], numbers[s], bytes(numbers)[s], tuple(numbers)[s], range(10)[s], s.indices(8))
numbers[2:5] = "xyz!"
print(numbers)
numbers[::2] = [0] * len(numbers[::2])
print(numbers)
del numbers[1::3]
print(numbers)
numbers[len(numbers):] = [7]
numbers[:0] = [8, 9]
print(numbers)
for bad in (lambda: numbers.__setitem__(slice(0, 4, 2), [1]), lambda: text[1.5], lambda: numbers[100], lambda: text[100], lambda: tuple()["a"], lambda: numbers[::0], lambda: numbers.__setitem__(slice(1, 2), 5), lambda: text.__class__.__getitem__(text, None)):
    try:
        bad()
    except (ValueError, TypeError, IndexError) as error:
        print(type(error).__name__, error)


class Show:
    def __getitem__(self, key): return key
    def __setitem__(self, key, value): print(key, "=", value)
    def __delitem__(self, key): print("del", key)


s = Show()
print(s[1], s[1:2], s[:, ..., ::3], s[*"ab"], s[()])
s[1:2, "x"] = 5
del s[::2]
s[0] += (1,) if False else 1
data = bytearray(b"hello world")
data[0:5] = b"HOWDY"
data[-1:] = b"D!"
print(data, memoryview(data)[2:6].tolist(), data[::-1])
