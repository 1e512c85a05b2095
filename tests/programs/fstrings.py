"""Formatted strings."""
import datetime

name, value, width = "scoria", 3.14159, 10
print(f"{name!r:>{width}}|{name:^{width}}|{value:.2f}|{value:{width}.{3}}|")
print(f"{name=} {value = :.1f} {1 + 2=} {name=!s}")
print(f"{{literal}} {'nested ' + f'{name.upper()}'} {"same quotes"}")
print(f"{255:#x} {255:08b} {1234567:,} {1234567:_} {-5:+d} {5: d} {65:c} {0.25:%} {1e10:g} {12345.678:e}")
print(f"{datetime.date(2024, 2, 29):%Y/%m/%d}")
print(f"{'a' if value > 3 else 'b'} {[x for x in range(3)]} {(lambda x: x * 2)(4)} { {'a': 1}['a'] }")
print(f"multi {
    name  # a comment
} line")
print(f'''{
name
:>8}''')
print(f"\N{BULLET} \x41 {'\n'!r}" rf"\raw {name}")


class Special:
    def __format__(self, spec): return f"<{spec}>"
    def __repr__(self): return "repr"
    def __str__(self): return "str"


s = Special()
print(f"{s} {s:abc} {s!r} {s!s:>5} {s!a}")
for wrong in ("d", ".2q", "10.3d", ",c"):
    try:
        print(format(1.5 if wrong == "d" else 3, wrong))
    except ValueError as error:
        print(error)
print("{} {0!r}".format(1) if False else "{0} {1[a]} {2.real} {x!r:>4}".format(1, {"a": 2}, 3, x="y"))
try:
    "{} {0}".format(1)
except ValueError as error:
    print(error)
