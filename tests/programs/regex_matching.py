# What patterns match: repeats of all kinds, groups in loops, lookarounds, atomic groups, conditions, case, ends.
import re

SUBJECTS = ["", "aaab", "abcabc", "foo=12, bar=3;\n baz = 7\n", "ÀÉ日本 x_1", "<a><b>c</b></a>", "'it\\'s' \"q\\\"\"", "aXbxc"]
PATTERNS = [
    r"a*", r"a*?b", r"a*+a", r"a*+b", r"(?:ab|abc)+?c", r"(a|ab)(c|bcd)?(\w*)", r"(?:(a)|b|(c))*", r"((a)|b)*?c",
    r"(\w+)\s*=\s*(\d+)", r"\b\w", r"\B", r"^\s*\w+", r"(?m)^\s*\w+", r"(?m)\w+;?$", r"\w+\Z", r"\d+$",
    r"<(\w+)>.*</\1>", r"<(\w+)>.*?>", r"'(?:\\.|[^'\\])*'", r'"[^"\\]*(?:\\.[^"\\]*)*"', r"(?<!=)\d", r"(?<=[=,] )\w+", r"(?<![ab])c",
    r"(?=(\w))(?!a)\1", r"(?>a+|ab)b", r"(?>a|aa)+b", r"(?i)x.?", r"(?i:É)\w", r"(?a:\w)+", r"[^\W\d_]+", r"[^a-c\s]{2,3}", r"[^a-c\s]{2,3}?",
    r"(a)?(?(1)b|c)", r"(?:a?)*b", r"(?:a??)*?b", r"(?:|a)+b", r"(a*)*", r"(?:(\w)\s?){2,}", r"(?:\w\w)*+\w", r"(?:b|c(?=a))", r"(?s).{3}", r"日|本",
    r"(?P<x>a)(?P<y>b)?", r"x*", r"(?:x{0})*", r"(?:a(?!b)|b)++", r"foo|bar|baz", r"ba[rz]|foo", r"(?!)", r"$", r"\A.",
]

for pattern in PATTERNS:
    compiled = re.compile(pattern)
    print(repr(pattern))
    for subject in SUBJECTS:
        found = compiled.search(subject)
        spans = [match.regs for match in compiled.finditer(subject)]
        print("   ", found and (found.group(), found.lastindex), compiled.match(subject, 1), bool(compiled.fullmatch(subject)), spans)

# Alternatives by the dozen, in loops and nested.
many = [re.compile(p) for p in [r"(?:a|b|ab|c|abc)+?c", r"(?:(a)|(b)|(?:x|y|1)|(\w))*", r"(?:if|in|int|i|is)\b|\w+", r"(?>a|ab|abc)c|b", r"(?:|a|b)*c", r"(?=a|b|c)\w|(?!x|y|z).", r"(?i:A|B|É|[x-z])+", r"(?:日|本|é|$)"]]
for compiled in many:
    print(compiled.pattern, [(m.span(), m.lastindex) for text in ["abcabc int is xy1", "ÀÉ日本x", "ifx in 1y"] for m in compiled.finditer(text)])
keywords = re.compile("|".join(f"key{n}" for n in range(300, 0, -1)))
print(len(keywords.findall(" ".join(f"key{n}" for n in range(400)))), keywords.search("key299x").group(), keywords.search("keyx"))

# Ends of the range: what is before `pos` can be seen, what is after `endpos` cannot.
for pattern in [r"\b\w", r"(?<=a)b", r"^b", r"c$", r"\Z", r"b(?=c)", r"bc", r"b.*"]:
    print(pattern, [re.compile(pattern).search("abc abc", pos, endpos) for pos, endpos in [(1, 7), (1, 3), (1, 2), (4, 2)]])

# Replacements: parts of the subject as they are, templates, functions, empty matches.
print(re.sub(r"(\d)(\d)?", r"<\2\1\g<0>>", "a12b3"), re.sub("", "-", "abc"), re.sub(r"x*", "-", "abxd"), re.subn("日", "w", "日本日"))
print(re.sub(rb"(\w)=(\w)", rb"\2=\1", b"a=b c=d"), re.sub("a", "日", "banana"), re.sub("é", "e", "été"), re.sub("b", lambda m: None, "abc"))
print(re.split(r"(,)|;", "a,b;c"), re.split(r"\b", "ab cd"), re.split("x*", "axbc"), re.split(r"[ ,;]+", "a , b;c", maxsplit=1))
unchanged = "nothing here"
print(re.sub("z", "y", unchanged) is unchanged, re.findall(r"(\w)(\w)", "abcd"), re.findall(r"(\w)\w", "abcd"), re.findall(rb"[\x80-\xff]", b"a\xe9"))
for pattern, replacement, subject in [("a", b"b", "abc"), (b"a", "b", b"abc"), ("a", lambda m: 1, "abc")]:
    try:
        print(re.sub(pattern, replacement, subject))
    except TypeError as error:
        print(error)

# A long subject in a loop that may go back: no recursion.
print(len(re.match(r"(?:a|b)*", "ab" * 100000).group()), re.match(r"(?:a|b)*c", "ab" * 20000), re.match(r"(a|(b))*(c)?", "ab" * 50000).regs[1:])
