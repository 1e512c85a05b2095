"""Generators that delegate to generators that delegate: long chains, looked at, thrown into and ended anywhere."""
import gc
import sys
import types
import weakref

LOG = []


def note(*what):
    LOG.append(what)


def shown():
    print(*LOG)
    LOG.clear()


def chain(depth, leaf, keep=None):
    if keep is not None:
        keep.append(None)
    if depth == 0:
        return (yield from leaf())
    inner = chain(depth - 1, leaf, keep)
    if keep is not None:
        keep[depth - 1 - len(keep)] = inner
    got = yield from inner
    return got + 1


def link(inner):
    """One more generator around another."""
    return (yield from inner)


def around(inner, n):
    all = [inner]
    for _ in range(n):
        all.append(link(all[-1]))
    return all


def counter(n):
    for i in range(n):
        yield i
    return n


def echo():
    got = None
    while got != "stop":
        got = yield got
    return 100


def result(function, *args):
    try:
        return function(*args)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"


class Tree:
    def __init__(self, left, value, right):
        self.left, self.value, self.right = left, value, right

    def __iter__(self):
        if self.left:
            yield from self.left
        yield self.value
        if self.right:
            yield from self.right


def tree(values):
    if not values:
        return None
    middle = len(values) // 2
    return Tree(tree(values[:middle]), values[middle], tree(values[middle + 1:]))


whole = tree(range(500))
for _ in range(5):
    print(list(whole) == list(range(500)), sum(whole), end=" ")
print()
total = 0
for value in whole:
    total += value
    if value == 250:
        break
print(total)

# What is sent, and what is returned.
for _ in range(60):
    all = around(echo(), 8)
    root = all[-1]
    values = [next(root), *[root.send(i) for i in range(20)], result(root.send, "stop")]
print(values)
for _ in range(60):
    values = list(chain(10, lambda: counter(3))), result(lambda: [*around(counter(4), 12)[-1]])
print(values)


# What is delegated to changes between: lists, generators, other iterators.
def mixed(depth):
    if depth:
        yield from [depth, depth]
        yield from mixed(depth - 1)
        yield depth
        yield from (depth * 10, depth * 100)
        yield from mixed(depth - 1)
        yield from iter([depth])


for _ in range(20):
    values = list(mixed(6))
print(len(values), sum(values), values[:20])


# States as others see them, waiting and running.
def states(all):
    return "".join("R" if g.gi_running else "S" if g.gi_suspended else "C" if g.gi_frame else "F" for g in all)


def looker(all):
    for _ in range(3):
        note("running", states(all), [g.gi_yieldfrom is inner for g, inner in zip(all[1:], all)])
        yield sys._getframe().f_back.f_code.co_name, sys._getframe().f_back.f_back.f_back.f_code.co_name
    note("end", states(all))


for _ in range(60):
    LOG.clear()
    all = [None]
    all[0] = looker(all)
    for _ in range(6):
        all.append(link(all[-1]))
    for value in all[-1]:
        note(value)
        note("waiting", states(all), [g.gi_yieldfrom is inner for g, inner in zip(all[1:], all)])
        note([g.gi_frame.f_back for g in all if g.gi_frame])
    note("after", states(all))
shown()

# An inner one is resumed by somebody else in between.
for _ in range(60):
    all = around(counter(12), 7)
    values = []
    for i in range(4):
        values += [next(all[-1]), next(all[-1]), next(all[3]), next(all[0])] if i % 2 else [next(all[-1])]
print(values, states(all), result(next, all[2]), result(next, all[-1]), result(next, all[-1]))


def resumes_outer(all):
    yield 1
    yield result(next, all[-1])
    yield result(next, all[3])
    yield result(all[-1].throw, ValueError("no"))
    yield result(all[2].close)


for _ in range(60):
    all = [None]
    all[0] = resumes_outer(all)
    for _ in range(6):
        all.append(link(all[-1]))
    values = list(all[-1])
print(values)


# Exceptions: raised inside, thrown from outside, caught in the middle.
def careful(inner, name):
    try:
        return (yield from inner)
    except ValueError as error:
        note(name, "caught", error)
        got = yield "caught " + name
        note(name, "got", got, sys.exception() is error)
        raise KeyError(name) from error
    finally:
        note(name, "ends")


def failing(n):
    for i in range(n):
        yield i
    raise ValueError("failed")


def traced(function, *args):
    try:
        return function(*args)
    except BaseException as error:
        names, trace = [], error.__traceback__
        while trace is not None:
            names.append((trace.tb_frame.f_code.co_name, trace.tb_lineno - trace.tb_frame.f_code.co_firstlineno))
            trace = trace.tb_next
        return type(error).__name__, str(error), names, repr(error.__context__)


def wrapped(inner):
    all = around(inner, 4)
    middle = careful(all[-1], "middle")
    return around(middle, 4)


for _ in range(60):
    LOG.clear()
    root = wrapped(failing(3))[-1]
    values = [traced(next, root) for _ in range(4)] + [traced(root.send, "sent"), traced(next, root)]
print(*values, sep="\n")
shown()
for _ in range(60):
    LOG.clear()
    root = wrapped(counter(10))[-1]
    values = [next(root), next(root), traced(root.throw, ValueError("thrown")), traced(root.send, 5), traced(next, root)]
print(*values, sep="\n")
shown()
for _ in range(60):
    LOG.clear()
    all = wrapped(counter(10))
    root = all[-1]
    values = [next(root), next(root), traced(all[2].throw, ValueError("inside")), states(all), traced(root.send, None), states(all)]
print(*values, sep="\n")
shown()


# Delegating while an exception is handled.
def handling(inner):
    try:
        raise IndexError("handled")
    except IndexError:
        got = yield from inner
        note(repr(sys.exception()))
        return got


def seeing(n):
    for _ in range(n):
        yield repr(sys.exception())


for _ in range(60):
    LOG.clear()
    all = around(seeing(3), 4)
    all = around(handling(all[-1]), 5)
    values = []
    try:
        raise OSError("outside")
    except OSError:
        for value in all[-1]:
            values.append((value, repr(sys.exception())))
print(values)
shown()


# Closed, dropped, collected.
def tidy(name):
    try:
        for i in range(100):
            yield i
    finally:
        note("tidy", name)


def tidy_link(inner, name):
    try:
        yield from inner
    finally:
        note("link", name)


def tidy_chain(n):
    all = [tidy("leaf")]
    for i in range(n):
        all.append(tidy_link(all[-1], i))
    return all


for _ in range(60):
    LOG.clear()
    all = tidy_chain(5)
    root = all[-1]
    next(root), next(root), next(root)
    root.close()
    note(states(all))
shown()
for _ in range(60):
    LOG.clear()
    all = tidy_chain(5)
    next(all[-1]), next(all[-1])
    all[2].close()
    note(states(all))
    note(result(next, all[-1]), states(all))
shown()
for _ in range(60):
    LOG.clear()
    all = tidy_chain(5)
    root = all[-1]
    next(root), next(root), next(root)
    del all
    del root
    note("dropped")
shown()
for _ in range(3):
    LOG.clear()
    all = tidy_chain(5)
    holder = types.SimpleNamespace(all=all)

    def cyclic(inner, holder):
        yield from inner

    root = cyclic(all[-1], holder)
    holder.root = root
    next(root), next(root), next(root)
    dead = weakref.ref(root)
    gc.collect()
    note(dead() is not None, next(root), states(all))
    del all, holder, root
    gc.collect()
    note(dead() is None)
    print(sorted(map(str, LOG)))
    LOG.clear()


# Tracing begins and ends in between.
def tracing(n):
    for i in range(n):
        if i == 3:
            sys.settrace(lambda frame, event, value: note(event, frame.f_code.co_name) if frame.f_code.co_name == "link" else None)
        if i == 5:
            sys.settrace(None)
        yield i


for _ in range(60):
    LOG.clear()
    values = list(around(tracing(8), 5)[-1])
print(values)
shown()


# Loops within, several chains at once, each waiting while others run.
def loops(inner):
    for value in inner:
        yield value
    yield from counter(2)


for _ in range(30):
    chains = [around(loops(around(counter(5), 5)[-1]), 5)[-1] for _ in range(3)]
    values = [tuple(values) for values in zip(*chains)]
print(values)


# Coroutines.
@types.coroutine
def wait(value):
    return (yield value)


async def waiter(n):
    values = []
    for i in range(n):
        values.append(await wait(i))
    return values


async def awaits(depth, n):
    if depth == 0:
        return await waiter(n)
    values = await awaits(depth - 1, n)
    values.append(depth)
    return values


def drive(coroutine):
    got, asked = None, []
    while True:
        try:
            asked.append(coroutine.send(got))
        except StopIteration as stop:
            return asked, stop.value
        got = len(asked) * 10


for _ in range(60):
    values = drive(awaits(7, 4))
print(values)


async def fails(depth):
    try:
        if depth == 0:
            await wait("a")
            await wait("b")
            raise ValueError("deep")
        return await fails(depth - 1)
    finally:
        note(depth)


for _ in range(60):
    LOG.clear()
    value = traced(drive, fails(6))
print(value)
shown()

# Deeper than calls may be nested.
deep = counter(3)
for _ in range(3000):
    deep = link(deep)
print(result(list, deep)[:60])
deep = counter(3)
for _ in range(300):
    deep = link(deep)
print(list(deep))
frames = []


def keeps_frames(n):
    for i in range(n):
        frame = sys._getframe()
        while frame.f_code.co_name != "<module>":
            frames.append(frame)
            frame = frame.f_back
        yield i


for _ in range(20):
    frames.clear()
    all = around(keeps_frames(4), 6)
    values = [next(all[-1]) for _ in range(2)]
    backs = [frame.f_back is None for frame in frames]
    lines = {frame.f_lineno - frame.f_code.co_firstlineno for frame in frames}
    values += list(all[-1])
print(values, backs, lines, result(frames[3].clear), frames[3].f_back is None)
frames.clear()
