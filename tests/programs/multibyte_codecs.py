"""Encodings of East Asia: every cell of their tables, what they do with errors, and state between calls."""

import codecs
import hashlib
import io

SIMPLE = """gb2312 gbk gb18030 big5 cp950 big5hkscs shift_jis cp932 euc_jp shift_jis_2004 shift_jisx0213
euc_jis_2004 euc_jisx0213 euc_kr cp949 johab""".split()
SHIFTING = """hz iso2022_kr iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_2004 iso2022_jp_3
iso2022_jp_ext""".split()


def digest(texts):
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def cells(encoding):
    for lead in range(0x81, 0xFF):
        row = b"".join(bytes([lead, trail, 0x0A]) for trail in range(0x30, 0xFF))
        yield row.decode(encoding, "replace")


everything = "".join(map(chr, [*range(0x80, 0xD800), *range(0xE000, 0x10000), *range(0x20000, 0x2FA20)]))
for encoding in SIMPLE:
    print(encoding, digest(cells(encoding)), digest([everything.encode(encoding, "replace").hex()]))
for encoding in SHIFTING:
    data = everything.encode(encoding, "ignore")
    print(encoding, len(data), digest([data.hex()]), digest([data.decode(encoding)]))

sample = "漢字カナ한글\u304b\u309a\u00ca\u0304~\\¥"
for encoding in SIMPLE + SHIFTING:
    data = sample.encode(encoding, "xmlcharrefreplace")
    print(encoding, data, ascii(data.decode(encoding)))

for data in b"\x81", b"\xffa", b"\x82\xa0\x80", b"\xa4\xd4\xa4\xa1", b"\x1b$B0", b"~{VP~", b"\x84\x31\xa4\x37\x90":
    for encoding in "gb18030", "shift_jis", "euc_kr", "iso2022_jp", "hz":
        try:
            print(encoding, data, ascii(data.decode(encoding)))
        except UnicodeDecodeError as error:
            print(encoding, data, error.start, error.end, error.reason)
try:
    "a\ud800b".encode("big5")
except UnicodeEncodeError as error:
    print(error)


def handler(error):
    return (b"<>" if isinstance(error, UnicodeEncodeError) else "<>"), error.end


codecs.register_error("program.handler", handler)
print("a\u0e01b".encode("gbk", "program.handler"), b"a\xffb".decode("cp932", "program.handler"))

for encoding in "euc_jis_2004", "iso2022_jp_2004", "iso2022_kr", "hz", "big5hkscs":
    encoder = codecs.getincrementalencoder(encoding)("replace")
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for character in sample:
        data = encoder.encode(character)
        states = encoder.getstate()
        text = [decoder.decode(bytes([byte])) for byte in data]
        print(encoding, ascii(character), data, states, ascii("".join(text)), decoder.getstate())
    encoder.setstate(encoder.getstate())
    print(encoder.encode("", True), ascii(decoder.decode(b"", True)))

stream = io.BytesIO()
writer = codecs.getwriter("iso2022_jp_3")(stream)
writer.writelines(["か", "\u309a\n", "漢字\n"])
writer.reset()
print(stream.getvalue())
stream.seek(0)
reader = codecs.getreader("iso2022_jp_3")(stream)
print(ascii(reader.readline()), ascii(reader.read(1)), ascii(reader.read()))
