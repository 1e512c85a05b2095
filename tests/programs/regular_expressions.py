"""re."""
import re

print(re.findall(r"\b(\w)(\w*)", "some words here"), re.split(r"[,;]\s*", "a, b;c"), re.split(r"(-)", "a-b-c", maxsplit=1))
m = re.match(r"(?P<year>\d{4})-(?P<month>\d\d)(-(\d\d))?", "2024-05 rest")
print(m, m.groups(), m.groupdict(), m["year"], m.span("month"), m.start(), m.lastgroup, m.expand(r"\g<month>/\1"), m[3])
print(re.sub(r"(\w+) (\w+)", r"\2 \1", "hello world again here"), re.sub("a", lambda m: m[0].upper(), "banana", count=2), re.subn("x*", "-", "abc"))
print(re.search(r"(?<=\$)\d+(?!\d|%)", "cost $100 or $20%"), re.fullmatch("a+?", "aaa"), re.search("^b$", "a\nb\nc", re.M), re.findall("a.c", "a\nc abc", re.S))
print(re.findall(r"(?i)É|ß", "éÉß"), re.findall(r"(?a:\w+)", "aé b"), re.search(r"(?x) a  b # comment", "ab"), re.findall(r"(a)|(b)", "ab"), re.compile("x").flags)
print([m.span() for m in re.finditer("", "abc")], re.match(r"(a|ab)(c|bcd)(d*)", "abcd").groups(), re.match(r"(?>a+)b", "aaab"), re.match(r"a++b", "aab"), re.search(r"(\w)\1", "hello"))
print(re.findall(rb"\d+", b"12 ab 34"), re.escape("a.b*c-d e"), re.match(r"(?(1)a|b)", "b") if False else re.match(r"(<)?x(?(1)>)", "<x>"), re.findall(r"[^\W\d_]+", "ab_1cd"))
p = re.compile(r"(?P<k>\w+)=(\d+)", re.I | re.A)
print(p, p.pattern, p.groups, p.groupindex, p.search("x=1", 1), p.findall("a=1 b=2"), p.fullmatch("a=12", 0, 3))
for bad in "(", "[a", "*a", "a{2,1}", "(?P<1>x)", r"\1", "(?P<a>x)(?P<a>y)", "a**", "(?<=a+)b", r"\q", "(?z)", "[z-a]", ")", r"(?P=x)", "(?#", "a(?i)b":
    try:
        re.compile(bad)
        print(bad, "compiles")
    except re.PatternError as error:
        print(bad, "|", error)
try:
    re.sub("(a)", r"\2", "a")
except re.PatternError as error:
    print(error)
try:
    re.match("a", b"a")
except TypeError as error:
    print(error)
print(re.match(r"(a*)*b", "a" * 20 + "b").end(), len(re.findall(r"\s+|\w+|[^\s\w]", "def f(x): return x + 1")), re.match("(?:a|b)*c", "ab" * 5000 + "c").end())
