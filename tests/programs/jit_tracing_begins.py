"""Tracing, profiling and monitoring that begin in a callee are seen by callers that run compiled code."""
import sys
log = []
def tracer(frame, event, arg):
    if frame.f_code.co_filename != __file__: return
    log.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
    return tracer
def profiler(frame, event, arg):
    if frame.f_code.co_filename != __file__: return
    name = getattr(arg, '__name__', None) if event.startswith('c_') else None
    log.append((event, frame.f_code.co_name, name))

def leaf(x):
    return x + 1

def begin(how, n):
    if n == 0:
        how()

def middle(how, n):
    a = leaf(n)
    begin(how, n)
    b = leaf(a)
    return b

def outer(how, n):
    r = middle(how, n)
    s = leaf(r)
    t = len('abc')
    for i in range(2):
        s = leaf(s)
    return s + t

class P:
    def __init__(self, how, n):
        begin(how, n)
        self.n = leaf(n)
    def __add__(self, other):
        begin(other[0], other[1])
        return leaf(other[1])

def constructs(how, n):
    p = P(how, n)
    q = leaf(p.n)
    return q

def adds(p, how, n):
    r = p + (how, n)
    return leaf(r)

def gen(how, n):
    yield leaf(n)
    begin(how, n)
    yield leaf(n + 1)

def consumes(how, n):
    total = 0
    for x in gen(how, n):
        total += leaf(x)
    return leaf(total)

def unwinds(how, n):
    try:
        middle(how, n)
        leaf(1)
        raise ValueError(n)
    except ValueError as e:
        return leaf(5)

def settrace(): sys.settrace(tracer)
def setprofile(): sys.setprofile(profiler)
mon = sys.monitoring
def monitor():
    E = mon.events
    mon.use_tool_id(3, 'x')
    for e, name in ((E.PY_START, 'start'), (E.PY_RETURN, 'return'), (E.CALL, 'call'), (E.LINE, 'line')):
        def cb(code, *rest, name=name):
            if code.co_filename == __file__ and code.co_name not in ('monitor', 'stop', '<module>', 'run'):
                log.append((name, code.co_name, rest[0] if name == 'line' else None))
        mon.register_callback(3, e, cb)
    mon.set_events(3, E.PY_START | E.PY_RETURN | E.CALL | E.LINE)
def stop():
    sys.settrace(None); sys.setprofile(None)
    if mon.get_tool(3):
        mon.set_events(3, 0); mon.free_tool_id(3)

def nothing(): pass
def run(f, *args):
    for n in range(8, 0, -1):
        f(*args, nothing, n)
    for how in (settrace, setprofile, monitor):
        log.clear()
        r = f(*args, how, 0)
        stop()
        print(f.__name__, how.__name__, r)
        for x in log: print('   ', x)
run(outer); run(constructs); run(adds, P(nothing, 1)); run(consumes); run(unwinds)

def hot(n, how):
    s = 0
    for i in range(n):
        s += i & 3
        if i == n - 3:
            how()
    return s
log.clear(); hot(30000, settrace); stop()
print(log)
