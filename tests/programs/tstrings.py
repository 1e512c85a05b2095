"""Template strings."""
from string.templatelib import Template, Interpolation

name, value = "world", 2.5
template = t"hello {name}, {value!r:>{8}} and {value = :.2f}!"
print(type(template) is Template, template.strings, template.values)
for part in template:
    match part:
        case str():
            print("text", repr(part))
        case Interpolation(value, expression, conversion, format_spec):
            print("interpolation", repr(value), expression, conversion, format_spec)
print(t"".strings, list(t""), t"{1}".strings)
joined = t"a{1}" + t"b{2}c"
print(joined.strings, joined.values)
print(repr(t"x{name}"))


def render(template):
    return "".join(part if isinstance(part, str) else format(part.value, part.format_spec).upper() for part in template)


print(render(t"<b>{name}</b> {value:.3f}"))
try:
    t"a" + "b"
except TypeError as error:
    print(error)
print(rt"\d{name}".strings, t"nested {t'{name}'.values}".values)
