"""Writes tables.rs: the properties and case mappings of code points.

Run with a Python 3.14 (Unicode 16.0): python3.14 make_tables.py > tables.rs
"""

N = 0x110000
SHIFT = 7
FLAGS = ["ALPHA", "DECIMAL", "DIGIT", "NUMERIC", "LOWER", "UPPER", "TITLE", "SPACE", "PRINTABLE", "XID_START",
         "XID_CONTINUE", "CASED", "CASE_IGNORABLE", "LINE_BREAK", "SPECIAL_CASE"]
BIT = {name: 1 << index for index, name in enumerate(FLAGS)}

import unicodedata


def flags_of(c):
    flags = 0
    tests = {
        "ALPHA": c.isalpha(), "DECIMAL": c.isdecimal(), "DIGIT": c.isdigit(), "NUMERIC": c.isnumeric(),
        "LOWER": c.islower(), "UPPER": c.isupper() and unicodedata.category(c) != "Lt",
        "TITLE": unicodedata.category(c) == "Lt",
        "SPACE": c.isspace(), "PRINTABLE": c.isprintable(), "XID_START": c.isidentifier(),
        "XID_CONTINUE": ("a" + c).isidentifier(), "CASED": (c + "a").title()[-1] == "a",
        "LINE_BREAK": len((c + "a").splitlines()) == 2,
    }
    for name, holds in tests.items():
        if holds:
            flags |= BIT[name]
    final = ("A" + c + "\u03a3").lower()[-1] == "\u03c2"
    directly = (c + "\u03a3").lower()[-1] == "\u03c2"
    if final and not directly:
        flags |= BIT["CASE_IGNORABLE"]
    return flags


specials = []
special_index = {}


def special(maps):
    key = tuple(maps)
    if key not in special_index:
        special_index[key] = len(specials)
        specials.append(key)
    return special_index[key]


records = {}
indices = []
for code in range(N):
    c = chr(code)
    flags = flags_of(c)
    lower, upper, title, fold = c.lower(), c.upper(), c.title(), c.casefold()
    if code == 0x3A3:
        lower = "\u03c3"
    if any(len(text) != 1 for text in (lower, upper, title, fold)):
        flags |= BIT["SPECIAL_CASE"]
        deltas = (special((lower, upper, title, fold)), 0, 0, 0)
    else:
        deltas = tuple(ord(text) - code for text in (lower, upper, title, fold))
    digit = unicodedata.digit(c, 255)
    record = (flags, digit) + deltas
    indices.append(records.setdefault(record, len(records)))

pages = {}
page_numbers = []
for start in range(0, N, 1 << SHIFT):
    page = tuple(indices[start:start + (1 << SHIFT)])
    page_numbers.append(pages.setdefault(page, len(pages)))

print("//! Properties and case mappings of code points, Unicode %s. Written by make_tables.py." % unicodedata.unidata_version)
print()
print("use super::Record;")
print()
print("pub(super) const SHIFT: u32 = %d;" % SHIFT)
for name in FLAGS:
    print("pub(super) const %s: u16 = %#x;" % (name, BIT[name]))
print()
print("#[rustfmt::skip]")
print("pub(super) static RECORDS: [Record; %d] = [" % len(records))
for flags, digit, *deltas in records:
    print("    Record { flags: %#x, digit: %d, lower: %d, upper: %d, title: %d, fold: %d }," % (flags, digit, *deltas))
print("];")


def literal(text):
    return '"' + "".join("\\u{%x}" % ord(c) for c in text) + '"'


print()
print("/// Lower, upper, title case and folding of the characters whose mappings are longer than one character.")
print("#[rustfmt::skip]")
print("pub(super) static SPECIALS: [[&str; 4]; %d] = [" % len(specials))
for maps in specials:
    print("    [%s]," % ", ".join(map(literal, maps)))
print("];")


def table(name, element, values):
    print()
    print("#[rustfmt::skip]")
    print("pub(super) static %s: [%s; %d] = [" % (name, element, len(values)))
    for start in range(0, len(values), 40):
        print("    " + ",".join(map(str, values[start:start + 40])) + ",")
    print("];")


table("PAGES", "u16", page_numbers)
table("INDICES", "u16", [index for page in pages for index in page])
