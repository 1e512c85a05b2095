# Calls that a compiler may put in place of their functions: what can be seen of their frames, and what changes under way.
import sys
import traceback


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def plus(self, other):
        return Point(self.x + other.x, self.y + other.y)

    def norm(self):
        return square(self.x) + square(self.y)

    @property
    def both(self):
        return self.x, self.y


def square(n):
    return n * n


def add(a, b=10):
    return a + b


def twice(n):
    return add(square(n), square(n))


def path(n):
    p = Point(0, 0)
    step = Point(1, n)
    for _ in range(3):
        p = p.plus(step)
    return p.norm(), p.both


def warm(function, *args):
    result = None
    for _ in range(60):
        result = function(*args)
    return result


print("warm", warm(twice, 3), warm(path, 2), warm(add, 1))


def lines(error):
    return [(frame.name, frame.line) for frame in traceback.extract_tb(error.__traceback__)]


def failing(function, *args):
    try:
        print(function(*args))
    except Exception as error:
        print(type(error).__name__, error, lines(error))


# Other types, in the middle of what was inlined.
failing(twice, 2.5)
failing(twice, 2**70)
failing(twice, "text")
failing(twice, None)
failing(path, 0.5)
failing(path, [])


def ratio(a, b):
    return a // b


def ratios(pairs):
    total = 0
    for a, b in pairs:
        total += ratio(a, b)
    return total


print("ratios", warm(ratios, [(7, 2), (9, 3)]))
failing(ratios, [(7, 2), (1, 0)])


def guarded(pairs):
    found = []
    for a, b in pairs:
        try:
            found.append(ratio(a, b))
        except ZeroDivisionError:
            found.append("none")
    return found


print("guarded", warm(guarded, [(7, 2), (1, 0), (3, 1)]))


# Who looks at frames.
def who(depth):
    frame = sys._getframe(depth)
    return frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno


def middle(depth):
    found = who(depth)
    return found


def outer(depth):
    before = square(depth)
    found = middle(depth)
    return before, found


for depth in range(4):
    warm(outer, 1)
    print("who", depth, outer(depth)[1][0], outer(min(depth, 2)))


def names(n):
    found = []
    frame = sys._getframe(0)
    while frame is not None and n:
        found.append(frame.f_code.co_name)
        frame = frame.f_back
        n -= 1
    return found


def below(n):
    return names(n)


def lowest(n):
    return below(n)


print("names", warm(lowest, 3))


def stack_of():
    return [frame.name for frame in traceback.extract_stack()][-3:]


def call_stack_of():
    return stack_of()


print("stack", warm(call_stack_of))


# Recursion.
def down(n):
    return 0 if n == 0 else 1 + down_again(n - 1)


def down_again(n):
    return 0 if n == 0 else 1 + down(n - 1)


print("recursion", warm(down, 20))


def forever(n):
    return forever_again(n + 1)


def forever_again(n):
    return forever(n + 1)


for _ in range(20):
    try:
        forever(0)
    except RecursionError as error:
        message = str(error)
print(message)


def deep(n):
    return shallow(n)


def shallow(n):
    return n + 1 if n < 10**6 else deep(n)


print("deep", warm(deep, 1))
try:
    deep(10**6)
except RecursionError as caught:
    print(caught)
print("deep again", deep(2))


# Functions change.
def helper(n):
    return n + 1


def user(n):
    return helper(n) * 2


print("before", warm(user, 1))
helper.__code__ = (lambda n: n + 100).__code__
print("code", warm(user, 1))


def with_default(n, m=1):
    return n + m


def default_user(n):
    return with_default(n)


print("default", warm(default_user, 1))
with_default.__defaults__ = (50,)
print("new default", warm(default_user, 1))
with_default.__defaults__ = None
failing(default_user, 1)


def helper(n):
    return n - 1


print("replaced", warm(user, 1))
del helper
failing(user, 1)


def helper(n):
    return [n]


print("back", warm(user, 1))


# Methods change.
class Base:
    def value(self):
        return 1

    def total(self):
        return self.value() + self.value()


class Derived(Base):
    def value(self):
        return 2


def totals(things):
    return [thing.total() for thing in things]


base, derived = Base(), Derived()
print("totals", warm(totals, [base, base]), warm(totals, [base, derived]))
Base.value = lambda self: 10
print("patched", warm(totals, [base, derived]))
base.value = lambda: 7
print("own", warm(totals, [base, derived]))
del Derived.value
print("removed", warm(totals, [base, derived]))


# The callee changes what is being called.
def changing(n):
    global changed
    if n == 40:

        def changed(n):
            return -n

    return n


def changed(n):
    return n


def change(n):
    return changing(n) + changed(n)


print("changing", [change(n) for n in (1, 2, 3)] + [warm(change, 3), change(40), change(3)])


# Constructions.
class Checked:
    def __init__(self, n):
        if n < 0:
            raise ValueError("negative")
        self.n = n

    def __eq__(self, other):
        return self.n == other.n

    def __getitem__(self, index):
        return self.n + index

    def __setitem__(self, index, value):
        self.n = index + value
        return "lost"


def construct(n):
    made = Checked(n)
    made[1] = n
    return made[2], made == Checked(n + 1)


print("construct", warm(construct, 4))
failing(construct, -1)
failing(construct, "x")


class Returns:
    def __init__(self, n):
        self.n = n
        if n > 100:
            return n


def returns(n):
    return Returns(n).n


print("returns", warm(returns, 4))
failing(returns, 101)


# Finalizers, and variables that are not set.
class Last:
    def __init__(self, log):
        self.log = log

    def __del__(self):
        self.log.append("gone")


def dropped(log):
    Last(log)
    return len(log)


def drop(log):
    first = dropped(log)
    return first, len(log)


log = []
warm(drop, log)
print("dropped", len(log))


def unset(flag):
    if flag:
        value = 1
    return value


def call_unset(flag):
    return unset(flag)


print("unset", warm(call_unset, True))
failing(call_unset, False)


# Loops in callees, and keyword arguments.
def sum_of(items, start=0):
    for item in items:
        start += item
    return start


def sums(n):
    return sum_of([n, n + 1]), sum_of((n, n), start=n), sum_of(start=5, items=range(n))


print("sums", warm(sums, 4))
failing(sums, 2.5)


def grow(items):
    seen = 0
    for item in items:
        seen += 1
        if seen < 8:
            append(items, item)
    return seen, len(items)


def append(items, item):
    items.append(item)


print("grow", [grow([1]) for _ in range(30)][-1])


# Tuples and methods that nobody needs unless something goes wrong.
def swap(a, b):
    pair = (a, b)
    c, d = pair
    return pair[1] + c * d, ratio(c, d)


print("swap", warm(swap, 6, 2))
failing(swap, 1, 0)


def bound(point, n):
    method = point.plus
    total = 0
    for index in range(n):
        total += ratio(index, n - index)
    return method(point).x + total


print("bound", warm(bound, Point(1, 2), 4))


def kept(items, n):
    pair = (items, n)
    for item in items:
        n = ratio(n, item)
    return pair, n


print("kept", warm(kept, [1, 2], 8))
try:
    kept([1, 0], 8)
except ZeroDivisionError as error:
    frame = error.__traceback__.tb_next.tb_frame
    print(frame.f_locals, error.__traceback__.tb_next.tb_next.tb_frame.f_locals)
