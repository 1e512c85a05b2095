# Searching, splitting, replacing and translating text of all widths, short and long, compared with what characters say one by one.
import random

generator = random.Random(11)
ALPHABETS = ["ab", "a,b ", "aé\xff", "a\u4e2d\u4e2e\u2e4e", "a\U0001f600\U0001f601\u4e2d", "\u0101\u0201\u0102"]


def positions(text, part):
    """Hits that do not overlap, from the start."""
    found, at = [], 0
    while at + len(part) <= len(text):
        if all(text[at + index] == character for index, character in enumerate(part)):
            found.append(at)
            at += len(part)
        else:
            at += 1
    return found


def split(text, part):
    parts, start = [], 0
    for at in positions(text, part):
        parts.append(text[start:at])
        start = at + len(part)
    return parts + [text[start:]]


def some_text(longest):
    return "".join(generator.choices(generator.choice(ALPHABETS), k=generator.randrange(longest)))


for longest in (8, 40, 126, 131, 400):
    for _ in range(300):
        text, part = some_text(longest), some_text(4) or "a"
        hits = positions(text, part)
        assert text.find(part) == (hits[0] if hits else -1), (text, part)
        assert (part in text) == bool(hits)
        assert text.count(part) == len(hits)
        assert text.split(part) == split(text, part), (text, part)
        assert text.replace(part, "<>") == "<>".join(split(text, part))
        assert text.replace(part, "\u4e2d") == "\u4e2d".join(split(text, part))
        start = generator.randrange(longest + 2) - 1
        if start >= 0:
            later = positions(text[start:], part)
            assert text.find(part, start) == (later[0] + start if later else -1)
        backward = positions(text[::-1], part[::-1])
        assert text.rfind(part) == (len(text) - backward[0] - len(part) if backward else -1)
        assert text.split(part, 1) == (text.split(part, 1)[:1] + [text[hits[0] + len(part):]] if hits else [text])
        assert list(text) == [text[index] for index in range(len(text))] == [*text] and tuple(text) == tuple(list(text))
        assert "".join(reversed(list(text))) == text[::-1] and text[::2] == "".join(list(text)[::2])
        table = {ord(part[0]): "x", ord("a"): None, 0x4E2E: 0x4E2F}
        expected = [table.get(ord(character), character) for character in text]
        expected = [character if isinstance(character, str) else chr(character) for character in expected if character is not None]
        assert text.translate(table) == "".join(expected), (text, table)
        assert text.translate(Missing := type("Missing", (dict,), {"__missing__": lambda self, key: "m"})()) == "m" * len(text)
        assert text.encode().decode() == text
        assert text.islower() == (any(character.islower() for character in text) and not any(character.isupper() for character in text))

print(sorted("hello"), set("aab") == {"a", "b"}, "a\tb".expandtabs(), "ab".expandtabs(), list("é\u4e2d\U0001f600"))
print("Abc".islower(), "abc".islower(), "1a".islower(), "1".islower(), "ABC".isupper(), "A1".isupper(), "aB".isupper(), "".isupper())
print(bin(0), bin(5), bin(-5), bin(2**62), bin(-2**62), bin(2**64), oct(-8), oct(0), hex(255), hex(-2**62), hex(2**70), bin(True))
print(bytes(3), bytes(0), bytes(b"x"), bytes(bytearray(b"y")), b"abc".decode(), b"".decode(), "abc".encode(), "".encode(), bytes(70000) == b"\0" * 70000)
for bad in (lambda: b"\xff".decode(), lambda: "\ud800".encode(), lambda: bytes(-1), lambda: "a".translate([]) and "a".translate(5), lambda: "a".split("")):
    try:
        print(bad())
    except Exception as error:
        print(type(error).__name__, error)
