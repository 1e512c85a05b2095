import builtins, sys, types


try:
    from cinderx import StrictModule as Strict
except ImportError:  # Elsewhere something like it.
    class Strict:
        def __init__(self, names, _):
            object.__setattr__(self, 'names', names)

        def __getattribute__(self, name):
            names = object.__getattribute__(self, 'names')
            if name == 'patch':
                return lambda name, value: names.update({name: value})
            return names[name] if name in names and names.get(f'<assigned:{name}>') is not False else names['__getattr__'](name)


class Descriptor:
    def __get__(self, instance, owner=None):
        return 'descriptor'


class Logged:
    def __init__(self, value):
        self.value = value

    def __del__(self, log=None):
        if LOG is not None:
            LOG.append(f'end {self.value}')


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, *details):
        return details[0] is ZeroDivisionError


class Base:
    x = 1
    shared = 'base'
    d = Descriptor()

    def f(self, n=0):
        return n

    def g(self, n, m=2):
        return self.f(n) + m

    def __len__(self):
        return 3


class Other:
    x = 'other'

    def f(self, n=0):
        return -n


class A(Base):
    def __init__(self, a=1, b=2.5):
        self.a = a
        self.b = b

    @property
    def p(self):
        return self.a

    @staticmethod
    def s(n=0):
        return n * 2

    @classmethod
    def c(cls, n=0):
        return cls.x

    def g(self, n, m=3):
        return super().g(n, m)

    def up(self, n):
        return super().f(n), super().shared, super().g(m=n, n=1)

    @property
    def above(self):
        return super().d

    @classmethod
    def made(cls, n):
        return super().x, super().__new__(cls).x, super().f(cls, n)

    def __add__(self, other):
        return ('add', other)

    def __getitem__(self, key):
        return (1, 2.5, 'x')[key]

    def __call__(self, n=0):
        return n + 1


class B(A):
    shared = 'b'

    def __init__(self):
        self.b = 1
        self.a = 2
        self.e = 3

    def f(self, n=0):
        return n + 1


class S(Base):
    __slots__ = 'a', 'b'

    def __init__(self):
        self.a = 1

    def __eq__(self, other):
        return other == 3

    __hash__ = None


def function(n=0, *rest, key=1):
    return n + key


def other_function(n=5, *rest, key='k'):
    return n, rest, key


def generator(n):
    got = None
    for k in range(n):
        try:
            got = yield k, got
        except ValueError as error:
            got = str(error)


def closure():
    cell = 0

    def bump():
        nonlocal cell
        cell += 1
        return cell

    def reset(value):
        nonlocal cell
        cell = value

    return bump, reset


async def coroutine(n):
    return n


def drive(awaitable):
    try:
        awaitable.send(None)
    except StopIteration as stop:
        return stop.value


BUMP, RESET = closure()
MODULE = types.ModuleType('module')
MODULE.a = 1
MODULE.f = function
NAMES = {'__name__': 'strict', 'a': 1, 'f': function, '__getattr__': lambda name: ('missing', name)}
STRICT = Strict(NAMES, True)
G = 5
L = [1, 2, 3]
T = (1, 2.5, 'x')
D = {'a': 1, 'b': 2}
R = range(3)
LOG = []
ALIVE = generator(1000)
OBJECTS = [A(), B(), S()]


def show(value, depth=3, repr=repr, type=type, leaves=(int, float, str, bool, complex, bytes, types.NoneType), list=list, dict=dict, tuple=tuple):
    if depth == 0:
        return '...'
    if type(value) in leaves:
        # An address is not the same in two runs.
        return repr(value).partition(' at 0x')[0][:60]
    if type(value) in (list, tuple):
        return type(value).__name__ + '(' + ', '.join([show(item, depth - 1) for item in value[:10]]) + ')'
    if type(value) is dict:
        return 'dict(' + ', '.join([show(item, depth - 1) for item in list(value.items())[:10]]) + ')'
    return type(value).__name__


def note(text, append=LOG.append):
    append(text)


def failed(error, isinstance=isinstance, str=str, type=type):
    text = str(error).partition(' at 0x')[0]
    trace = error.__traceback__.tb_next
    lines, places = [], []
    while trace is not None:
        lines.append(trace.tb_lineno)
        places.append(trace.tb_lasti)
        trace = trace.tb_next
    note(f'{type(error).__name__}: {text} {lines[-5:]}')
    note(f'@ {places[-5:]}')
