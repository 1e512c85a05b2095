# Calls whose arguments are put in place beforehand, loops over pairs, and isinstance with several classes, in compiled code.


def only(a, *, b=2, c):
    return a, b, c


def both(a, b=1, /, c=2, *, d=3, e=4):
    return a, b, c, d, e


def wide(a, *, b=0):
    one = two = three = four = five = six = seven = eight = nine = ten = 1
    return a + b + one + two + three + four + five + six + seven + eight + nine + ten


def recursive(n, *, step=1):
    return n if n <= 0 else recursive(n - step, step=step) + 1


def defaults(a, b=5, c=()):
    return a, b, c


class Maker:
    def __init__(self, x, *, y=7):
        self.x, self.y = x, y

    def method(self, *, z=1):
        return self.x + self.y + z


def run(i):
    out = [only(i, c=3), only(i, c=4, b=5), both(i), both(i, 2, d=9), both(i, 2, 3, e=1), wide(i), wide(i, b=2), recursive(5), recursive(6, step=2)]
    made = Maker(i, y=2)
    out += [made.y, Maker(i).method(), made.method(z=i)]
    for f in defaults, both:
        out.append(f(i))
        out.append(f(i, 1))
    return out


def wrong(i):
    out = []
    for f in lambda: only(i), lambda: only(i, 1, c=2), lambda: only(i, c=1, d=2), lambda: both(c=1), lambda: wide(1, 2):
        try:
            f()
        except TypeError as error:
            out.append(str(error))
    return out


def pairs(table, words):
    total = []
    for key, value in table.items():
        total.append((key, value))
    for index, word in enumerate(words):
        total.append((index, word))
    for one, other in zip(words, table):
        total.append((one, other))
    for a, b in {3: 4}.items():
        total.append((b, a))
    return total


def any_pairs(it):
    out = []
    for a, b in it:
        out.append((b, a))
    return out


def classes(x):
    if isinstance(x, (int, str)):
        return 1
    if isinstance(x, (list, Maker)):
        return 2
    return 3 if isinstance(x, (dict, tuple, float, bytes)) else 4


class Meta(type):
    def __instancecheck__(cls, instance):
        return instance == 5


class Odd(metaclass=Meta):
    pass


def odd(x):
    return isinstance(x, (str, Odd))


def sets(words, one, two):
    return [word for word in words if word in one or word in two]


class Text(str):
    def __hash__(self):
        return hash("b")

    def __eq__(self, other):
        return True


for i in range(60):
    values = [run(i), wrong(i), pairs({"a": 1, "b": 2}, ["x", "y", "z"])]
    values.append(any_pairs([[1, 2], "ab", (3, 4)] if i % 2 else zip("ab", "cd")))
    values.append(any_pairs((a, b) for a, b in ((1, 2), (3, 4))))
    values.append([classes(x) for x in (1, "a", [], Maker(1), {}, (), 1.5, b"", None, True)])
    values.append([odd(5), odd(6), odd("x")])
    values.append(sets(["a", "b", Text("q"), "c"], {"a", 1, None}, frozenset("b")))
    if i in (0, 1, 3, 30, 59):
        print(values)
    if i == 40:
        only.__kwdefaults__["b"] = "changed"
    if i == 50:
        both.__kwdefaults__ = {"d": "new", "e": "other"}
        defaults.__defaults__ = ("late",)
        wide.__kwdefaults__ = None
        try:
            run(1)
        except TypeError as error:
            print(error)
        wide.__kwdefaults__ = {"b": 100}
        defaults.__defaults__ = ("late", "later")


def bad_pairs(it):
    try:
        for a, b in it:
            pass
    except (ValueError, TypeError) as error:
        return str(error), error.__traceback__.tb_lineno - bad_pairs.__code__.co_firstlineno
    return a, b


for i in range(30):
    result = [bad_pairs([(1, 2), (3,)]), bad_pairs(iter([(1, 2, 3)])), bad_pairs({1: 2}.items()), bad_pairs({"ab": 1}), bad_pairs({1: 1})]
print(result)


def rest(a, *more, key=1):
    return a, more, key


def all_of_them(a, b=2, *more, key=3, **others):
    others[a] = b
    return a, b, more, key, sorted(others.items(), key=str)


def nothing(*more, **others):
    return more, others


def passes_on(*args, **keywords):
    return all_of_them(*args, **keywords)


def recursive_rest(*numbers):
    return sum(numbers) if len(numbers) > 4 else recursive_rest(1, *numbers)


class Record:
    def __init__(self, name, *args, flag=False, **others):
        self.name, self.args, self.flag, self.others = name, args, flag, others

    def method(self, *args):
        return self.name, args


class Loose:
    def __init__(*args, **others):
        args[0].args = args[1:], others


def stars(i):
    out = [rest(i), rest(i, 1), rest(i, 1, 2, key=3), all_of_them(i), all_of_them(i, 1, 2, 3), all_of_them(i, key=1), all_of_them(i, other=1)]
    out += [nothing(), nothing(1), nothing(x=1), passes_on(i), passes_on(i, 2, x=3), recursive_rest(i), recursive_rest()]
    record = Record("a", i)
    out += [record.args, record.flag, record.others, Record("b", flag=1).flag, Record("c", x=1).others, record.method(), record.method(1, i)]
    out += [Loose().args, Loose(1).args, Loose(x=1).args]
    first = nothing(i)[1]
    first["changed"] = 1
    return out, nothing(i)


for i in range(60):
    values = stars(i)
    for f in lambda: rest(), lambda: rest(key=2), lambda: all_of_them(b=1), lambda: Record():
        try:
            f()
        except TypeError as error:
            values[0].append(str(error))
    if i in (0, 30, 59):
        print(values)
