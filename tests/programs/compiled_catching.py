# Exceptions that functions handle themselves, often enough that compiled code does.
import sys


def key(table, name):
    try:
        return table[name]
    except KeyError:
        return -1


def keys(table, names):
    found = missing = 0
    for name in names:
        try:
            found += table[name]
        except KeyError as error:
            missing += len(error.args)
    return found, missing


def index(text, at):
    try:
        c = text[at]
    except IndexError:
        return "end", at
    return c


def attribute(thing):
    try:
        return thing.missing
    except AttributeError as error:
        return type(error).__name__
    finally:
        thing.count += 1


def nested(values):
    out = []
    for value in values:
        try:
            try:
                out.append(int(value))
            except ValueError:
                out.append(float(value))
        except (TypeError, ValueError) as error:
            out.append(str(error))
        else:
            out.append("fine")
    return out


def reraises(f, x):
    try:
        return f(x)
    except ZeroDivisionError:
        raise ValueError("no") from None
    except TypeError:
        raise


def inverse(x):
    return 1 / x


def keyword(x=0, *, y=1):
    if y == 0:
        raise LookupError(x)
    return x // y


def calls(values):
    total = 0
    for value in values:
        try:
            total += keyword(3, y=value)
        except LookupError as error:
            total += error.args[0] * 100
        try:
            total += keyword(*(value,), **{"y": 0})
        except LookupError:
            continue
    return total


class Suppress:
    def __init__(self):
        self.seen = []

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if kind is None:
            return
        self.seen.append((kind.__name__, traceback.tb_lineno - traceback.tb_frame.f_code.co_firstlineno))
        return kind is KeyError


def with_statement(table, names):
    manager = Suppress()
    for name in names:
        with manager:
            table[name]
    return manager.seen


def generator(table, names):
    for name in names:
        try:
            yield table[name]
        except KeyError:
            yield "missing"


kept = []


def keeps(table, name):
    before = name * 2
    try:
        return table[name]
    except KeyError as error:
        kept.append(error)
    after = before + "!"
    return after


def handled():
    return sys.exc_info()[0]


def exc_info(table, name):
    try:
        table[name]
    except KeyError:
        inside = handled()
    return inside, handled()


class Noisy:
    def __init__(self, name):
        self.name = name

    def __hash__(self):
        return 7

    def __eq__(self, other):
        return False

    def __del__(self):
        alive.discard(self.name)


alive = set()


def dies(n):
    table = {}
    for i in range(n):
        alive.add(i)
        try:
            table[Noisy(i)]
        except KeyError:
            pass
    return len(alive)


class Thing:
    count = 0


class Empty(Exception):
    pass


def raise_it(x):
    if x % 3:
        raise Empty(x)
    return x


def chain(values):
    out = []
    for value in values:
        try:
            out.append(raise_it(value))
        except Empty as first:
            try:
                {}[value]
            except KeyError as second:
                out.append((second.__context__ is first, second.args, first.args, first.__traceback__.tb_next.tb_frame.f_code.co_name))
    return out


def groups(values):
    out = []
    for value in values:
        try:
            raise_group(value)
        except* ValueError as error:
            out.append(("value", len(error.exceptions)))
        except* TypeError as error:
            out.append(("type", len(error.exceptions)))
    return out


def raise_group(n):
    raise ExceptionGroup("all", [ValueError(n)] + [TypeError(n)] * (n % 3))


def loop_with_finally(names, table):
    log = []
    for name in names:
        try:
            if table[name] > 1:
                continue
            break
        except KeyError:
            log.append(name)
        finally:
            log.append("f")
    return log


table = {"a": 1, "b": 2, "c": 3}
names = ["a", "x", "b", "y", "c", "z"] * 10
for round in range(60):
    one = [key(table, name) for name in names[:6]]
    two = keys(table, names)
    three = [index("abc", at) for at in range(5)] + [index([1, 2], 7), index((), 0)]
    thing = Thing()
    four = attribute(thing), thing.count
    five = nested(["1", "x", None, 2.5, "2.5", [1]])
    six = []
    for x in 2, 0, "a":
        try:
            six.append(reraises(inverse, x))
        except Exception as error:
            frames = []
            traceback = error.__traceback__
            while traceback:
                frames.append((traceback.tb_frame.f_code.co_name, traceback.tb_lineno - traceback.tb_frame.f_code.co_firstlineno))
                traceback = traceback.tb_next
            six.append((type(error).__name__, str(error), error.__context__.__class__.__name__, frames[1:]))
    seven = calls([1, 2, 0, 3])
    eight = with_statement(table, ["a", "q", "b", "r"])
    nine = list(generator(table, names[:8]))
    del kept[:]
    ten = keeps(table, "q"), keeps(table, "a")
    eleven = exc_info(table, "w")
    twelve = dies(5)
    thirteen = chain(range(5))
    fourteen = groups(range(3))
    fifteen = loop_with_finally(["x", "b", "y", "a", "z"], table)
    if round in (0, 1, 2, 30, 59):
        print(one, two, three, four)
        print(five)
        print(six)
        print(seven, eight, nine)
        print(ten, [sorted(error.__traceback__.tb_frame.f_locals.items(), key=str) for error in kept], eleven, twelve)
        print(thirteen, fourteen, fifteen)


def bubbles(n):
    if n == 0:
        raise ValueError("deep")
    return bubbles(n - 1) + 1


def catches_deep(n):
    try:
        return bubbles(n)
    except ValueError as error:
        depth = 0
        traceback = error.__traceback__
        while traceback:
            depth += 1
            traceback = traceback.tb_next
        return depth


print([catches_deep(n % 7) for n in range(100)][-8:])


def no_handler_matches(table, name):
    try:
        return table[name]
    except IndexError:
        return "index"


def outer():
    counts = {}
    for i in range(200):
        try:
            no_handler_matches(table, "q" if i % 2 else "a")
        except KeyError as error:
            counts[str(error)] = counts.get(str(error), 0) + 1
    return counts


print(outer())
