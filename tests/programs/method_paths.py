"""Builtin methods have quick paths for common arguments: they give what the general ones give."""

import random
import struct
from itertools import chain

r = random.Random(7)


def p(*values):
    print(*map(repr, values))


s = "hello wörld o\xff"
for t in ("foo boo", "", "o", "oooo", s, "日o本o", "a\U0001F600o"):
    for old, new in (("o","0"),("o","oo"),("o",""),("o","ö"),("ö","o"),("x","y"),("o","日"),("\xff","a")):
        for n in (-1,0,1,2,100): p(t.replace(old,new,n))
    for tab in (str.maketrans("o","0"), str.maketrans("o","é"), {111:"xyz"}, {111:None}, {}, {102:"日", 111:None}, str.maketrans("hfo","abc","lw")):
        p(t.translate(tab))
    p(t.lower(), t.upper())
p("ΑΣ ΣΑΣ İ ẞ AbC\U00010400".lower(), "ÀÉ".lower(), "Ÿ".lower(), "K".lower(), "ÅΣ".lower())
class L(list): pass
for items in ([], [b"a"], [b"a", b"b"], (b"", b"x", b"yz"), [b"a", bytearray(b"b")], [b"a", memoryview(b"c")], iter([b"1", b"2"]), L([b"q", b"r"])):
    p(b"--".join(items)) if not hasattr(items, "__next__") else p(b"-".join(items))
for bad in ([b"a", "b"], ["a"], 5, None):
    try: b",".join(bad)
    except Exception as e: p(type(e), str(e))
p(b"abc".translate(bytes(range(256))), b"abc".translate(bytes(range(255,-1,-1)), b"b"), bytearray(b"abc").translate(bytes(range(255,-1,-1))), b"abc".translate(None, b"a"), b"".translate(bytes(256)))
p(b"\x00\xffab".hex(), b"".hex(), b"abcd".hex(":"), b"abcd".hex(":", 0), b"abc".hex("-", 2), b"abc".hex("-", -2))
for t in ("", "00ff", "00 FF", "0", "0g", "gg", "a b", "aa\n", "é0", "AbCd"):
    try: p(bytes.fromhex(t))
    except Exception as e: p(type(e), str(e))
a = bytearray(b"x"); a.extend(b"abc"); a.extend(a); a.extend([1,2]); p(a)
m = memoryview(a)
try: a.extend(b"z")
except BufferError as e: p(str(e))
try: a.extend(b""); p("fine")
except BufferError as e: p(str(e))
for t in ("0", "-0", "007", "-12", "+5", " 5 ", "1_0", "", "-", "9"*18, "9"*19, "-"+"9"*18, "４２", "1__0", "x", "--1", "1 2"):
    try: p(int(t))
    except Exception as e: p(str(e))
class I(int): pass
p(I("12"), type(I("5")), int(True), int("12", 10))
for n in [0,1,9,10,11,99,100,101,999,1000,12345,-1,-10,-100,10**17,2**62-1,-2**62,2**62,2**63,True]+[r.getrandbits(k)*(-1)**k for k in range(1,70)]:
    p(str(n), repr(n), f"{n:,}", f"{n:>12,}", f"{n:_}", f"{n:012,}", f"{n:x}", f"{n:_x}", "%5d|%-5d|%05d" % (n,n,n), f"{n:+d}", f"{n:*^20}")
p(dict([("a",1),("b",2),("a",3)]), dict([["a",1],(2,3)]), dict(["ab","cd"]), dict(((1,2),)))
for bad in ([(1,)], [(1,2,3)], [1], [([],1)]):
    try: dict(bad)
    except Exception as e: p(type(e), str(e))
class S(str):
    def __eq__(self, o): return False
    __hash__ = str.__hash__
d = {"a": 1}; p(d.get(S("a")), S("a") in d, "a" in {S("a"): 1}); d[S("a")] = 2; p(len(d), d["a"])
p(dict.fromkeys(["a","b","a"]), dict.fromkeys("abc", 1), dict.fromkeys((1,2)))
for data in (b"abc", "é".encode(), "日本".encode(), "a\U0001F600é".encode(), b"\xc3", b"\xed\xa0\x80", b"a\xff", b"\xe0\x80\x80", b"\xc0\x80", b"\xf5", b"\xe6\x97", "\xff\u0100\uffff\u07ff\u0800".encode(), b"\xc3\xa9"*3+b"\xc3("):
    try: p(data.decode(), data.decode("utf-8", "replace"))
    except Exception as e: p(str(e), data.decode("utf-8", "replace"), data.decode("utf-8","ignore"))
for _ in range(40):
    x = r.choice([r.uniform(-10,10), r.uniform(-1e6,1e6), r.random()*10**r.randrange(-20,25), r.randrange(10000)/8, r.randrange(-1000,1000)/7, float(r.randrange(100))+.5, 0.0, -0.0, 5e-324, 0.0005, -0.0001])
    n = r.randrange(0, 18)
    p(x, f"{x:.{n}f}", "%.2f" % x, f"{x:,.3f}", f"{x:z.1f}", f"{x:+012.4f}", f"{x:.1%}", "%.0f" % x, "%#.0f" % x, f"{x:g}", f"{x:.3g}", f"{x:e}", round(x, 2))
for spec in ("é>5", ">5", "<5", "05", "+5", "٣", "5٣", ",", "_", ",.2f", "._f", ".3,f", "5.", "z", "#x", "qq", "5d5", " ^7", "=7", "999999999999999999999"):
    for v in (42, 3.5, "s"):
        try: p(format(v, spec))
        except Exception as e: p(str(e))
c = chain([1,2],(3,),[],"ab",[4]); p(list(c), list(c)); p(list(chain.from_iterable([[1],[2,3]])))
l = [1,2]; it = chain(l, [9]); next(it); l.append(3); p(list(it))
p("a b  c ".split(), "xd9yd9".split("d9"), "a\nb\r\nc".splitlines(), b" a b ".split(), b"a,b,".split(b","))
p(struct.pack("<3I", 1, 2, 2**32-1), struct.pack(">hq", -1, -2**63))
for bad in (("B", 256), ("B", -1), ("h", "x"), ("I", 2**40), ("q", 2**63)):
    try: struct.pack(*bad)
    except Exception as e: p(str(e))
for _ in range(40):
    a, b = (r.getrandbits(r.randrange(1, 330)) * r.choice([1,-1]) for _ in "ab")
    p(a * b, (a * b) % 1000007)
p((2**256-1)*(2**256-1), (2**64-1)*(2**128-1), (2**62)*(2**63), 0*2**100, 2**70*0)
l = ["a", "b"]
p(dict.fromkeys(l), dict.fromkeys([], 3), dict.fromkeys([1, 1.0, True]))
try: dict.fromkeys([[]])
except TypeError as e: p(str(e))
it = chain([1, 2]); l = [5]; c = chain.from_iterable(iter([l, [], [6]])); p(next(c)); l.append(7); p(list(c))
for bad in (("P", 2**63), ("P", -1), ("b", 128), ("b", -129), ("Q", -1), ("N", 5), ("n", -5), ("P", 7), ("b", True), ("?", 3)):
    try: p(struct.pack(*bad))
    except Exception as e: p(str(e))
