"""What other threads are doing, as sys._current_frames() and sys._current_exceptions() show it."""

import sys, threading, time, traceback
started = threading.Event(); stop = threading.Event()
def inner(): 
    started.set(); stop.wait()
def worker():
    try: 1/0
    except ZeroDivisionError: inner()
def spin():
    i = 0
    while not stop.is_set(): i += 1
t = threading.Thread(target=worker); t.start(); started.wait()
u = threading.Thread(target=spin); u.start(); time.sleep(0.05)
frames = sys._current_frames()
print(len(frames), set(frames) == {t.ident, u.ident, threading.get_ident()})
names = [f.name for f in traceback.extract_stack(frames[t.ident])]
print(names)
names = [f.name for f in traceback.extract_stack(frames[u.ident])]
print([n for n in names if n != 'is_set'])
print(frames[threading.get_ident()] is sys._getframe())
print(sorted(type(v).__name__ for v in sys._current_exceptions().values()))
f = frames[t.ident]
while f.f_code.co_name != 'worker': f = f.f_back
print(f.f_lineno, f.f_locals)
stop.set(); t.join(); u.join()
print(len(sys._current_frames()), f.f_code.co_name, f.f_locals)
def storm():
    def w():
        for i in range(300): time.sleep(0)
    ts = [threading.Thread(target=w) for _ in range(8)]
    for t in ts: t.start()
    while any(t.is_alive() for t in ts):
        for f in sys._current_frames().values():
            while f: f.f_lineno; f = f.f_back
    for t in ts: t.join()
storm()
import os
pid = os.fork()
if pid == 0:
    os._exit(0 if len(sys._current_frames()) == 1 else 1)
print(os.waitpid(pid, 0)[1])
