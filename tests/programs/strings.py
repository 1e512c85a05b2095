"""Text: methods, searching, splitting, case, Unicode, comparing."""
s = "The quick brown Fox"
print(s.lower(), s.upper(), s.swapcase(), s.title(), s.casefold(), "ß".upper(), "straße".casefold(), "ǆ".title(), "İ".lower())
print(s.find("quick"), s.find("x", -1), s.rfind("o"), s.count("o"), s.index("b"), "abc".find(""), "aaa".count("aa"), "".count(""))
print(s.split(), "a,b,,c".split(","), "a b  c ".split(" ", 2), "  x y ".split(None, 1), "a,b,c".rsplit(",", 1), "l1\nl2\r\nl3\x0bl4".splitlines(), "x\ny\n".splitlines(True))
print("-".join(["a", "b"]), "abc".replace("b", "xx"), "aaa".replace("a", "b", 2), "abc".replace("", "."), "a.b.c".partition("."), "a.b.c".rpartition("."))
print("  x ".strip() + "|", "xxabcxx".strip("x"), "prefix-x".removeprefix("prefix-"), "a.py".removesuffix(".py"), "abc".center(9, "*"), "5".zfill(4), "-5".zfill(4), "a".ljust(3) + "|", "\t1\t2".expandtabs(4))
print("abc".startswith(("x", "a")), "abc".endswith("bc", 1), "abc".isalpha(), "12".isdigit(), "½".isnumeric(), "²".isdigit(), "²".isdecimal(), "_a1".isidentifier(), " \n".isspace(), "Ab".istitle(), "A1".isupper())
print("héllo wörld".encode(), "日本".encode("utf-16-le"), b"caf\xc3\xa9".decode(), "é".encode("latin-1"), "a\u0301" == "á", len("👍🏽"), "👍"[0], ord("€"), chr(128512))
print("abc" < "abd", "a" < "B", "Z" < "a", "" < "a", "abc" * 2, 3 * "-", "b" in "abc", "" in "", max("hello"), sorted("bca"))
print(repr("it's"), repr('say "hi"'), repr("both ' and \""), repr("\n\t\\\x00\x7f\xa0é日\ud800\U0001f600"), ascii("é日😀"))
print("abc".translate({97: "A", 98: None, 99: "CC"}), "abc".translate(str.maketrans("ab", "xy", "c")), "%s and %r" % ("a", "b"), "%(k)s" % {"k": 1}, "%c%%" % 65, "%5s|%-5s|%.2s" % ("a", "b", "xyz"))
for bad in ("'a'.index('b')", "'é'.encode('ascii')", "b'\\xff'.decode()", "'a' + b'b'", "'%d' % 'x'", "'%s %s' % 1", "'%s' % (1, 2)", "chr(-1)", "ord('ab')", "'abc'.split('')", "'a' * 'b'", "'{x}'.format()", "'{0.a}'.format(1)", "'{'.format()", "''.join([1])", "'\\ud800'.encode()", "'x'.center(5, 'ab')"):
    try:
        print(bad, eval(bad))
    except Exception as error:
        print(bad, type(error).__name__, error)
print("".join(chr(c) for c in range(0x3b1, 0x3c0)), "ﬁ".upper(), "Σ".lower(), "ΑΣ".lower(), "ŉ".upper(), "\u1e9e".lower())
