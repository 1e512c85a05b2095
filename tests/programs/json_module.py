"""json."""
import json

data = {"a": [1, 2.5, True, None, "té\n\"\\\u2028"], "b": {"c": {}}, "d": [], "e": -0.0, "big": 10 ** 20, "1": 1e100}
text = json.dumps(data)
print(text)
print(json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False))
print(json.loads(text) == data, json.dumps([1, [2]], indent="\t"), json.dumps({"a": 1, "b": [1, 2]}, separators=(",", ":")))
print(json.dumps({1: 2, None: 3, True: 4, 1.5: 5}), json.dumps((1, "x")), json.dumps(float("nan")), json.dumps([float("inf")]))
print(json.loads(' [1, -2.5e3, "\\u00e9\\ud83d\\ude00\\n", {"x": null}, true, 123456789012345678901234567890 ] '))
print(json.loads("[1.1, NaN, -Infinity]"), json.loads('{"a":1,"a":2}'), json.loads('{"a":1}', object_pairs_hook=list), json.loads("[1.10]", parse_float=str), json.loads(b'"bytes"'))
for bad in ("", "[1,]", "{1: 2}", "[1 2]", '"abc', '{"a" 1}', "nul", "[1]x", '"\t"', "01", '"\\x"', "[", '{"a":1,}', "-", "1.", '{"a"'):
    try:
        print(json.loads(bad))
    except json.JSONDecodeError as error:
        print(repr(bad), error, error.lineno, error.colno, error.pos)
for bad in ({1, 2}, object, {(1,): 2}, b"x"):
    try:
        json.dumps(bad)
    except TypeError as error:
        print(error)
try:
    json.dumps(float("nan"), allow_nan=False)
except ValueError as error:
    print(error)
loop = []
loop.append(loop)
try:
    json.dumps(loop)
except ValueError as error:
    print(error)


class Encoder(json.JSONEncoder):
    def default(self, o):
        return sorted(o) if isinstance(o, set) else super().default(o)


print(json.dumps({"s": {3, 1}}, cls=Encoder), json.dumps({1, 2}, default=list), json.dumps({(1,): 2, "a": 1}, skipkeys=True))
import io
out = io.StringIO()
json.dump({"x": [1]}, out)
print(out.getvalue(), json.load(io.StringIO("[1, 2]")), json.JSONDecoder().raw_decode("[1] tail"))
