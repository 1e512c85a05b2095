"""Strings are found in dicts and sets whose keys are instances of a subclass of `str`, and the other way round, however hot the code is."""


class Token(str):
    __slots__ = ("kind",)

    def __new__(cls, kind, text):
        token = super().__new__(cls, text)
        token.kind = kind
        return token

    def __eq__(self, other):
        if isinstance(other, Token) and self.kind != other.kind:
            return False
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def is_in(container, key):
    return key in container


def is_not_in(container, key):
    if key not in container:
        return 1
    return 0


def take(table, key):
    return table[key]


def get(table, key):
    return table.get(key), table.get(key, "nothing")


COUNT = 200
strings = {f"k{number}": number for number in range(COUNT)}
tokens = {Token("A", f"k{number}"): number for number in range(COUNT)}
keys = [f"k{number}" for number in range(COUNT)]

for table in (strings, tokens, strings):
    members = set(table)
    for make in (str, lambda text: Token("A", text), lambda text: Token("B", text), lambda text: "no " + text):
        seen = [0, 0, 0, 0, 0]
        for number, text in enumerate(keys):
            key = make(text)
            seen[0] += is_in(table, key)
            seen[1] += is_not_in(table, key)
            seen[2] += is_in(members, key)
            seen[3] += get(table, key) == (number, number)
            try:
                seen[4] += take(table, key) == number
            except KeyError:
                pass
        print(type(next(iter(table))).__name__, seen)
