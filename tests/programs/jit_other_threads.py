"""Frames of other threads that run compiled code: their variables, and profiling that begins while they run."""
import sys, threading, time
go = True
def inner(n):
    return n + 1
def spin(tag):
    count = 0
    label = "x" + tag
    while go:
        count = inner(count)
        if count > 1000: count = 0
    return label
def waits(lock, tag):
    mine = tag * 2
    with lock:
        return mine
for i in range(4):
    l = threading.Lock(); waits(l, "a")
lock = threading.Lock(); lock.acquire()
ts = [threading.Thread(target=spin, args=("q",)), threading.Thread(target=waits, args=(lock, "z"))]
for t in ts: t.start()
time.sleep(0.2)
for k in range(30):
    fr = sys._current_frames()
    for t in ts:
        f = fr[t.ident]
        while f.f_code.co_name not in ("spin", "waits"): f = f.f_back
        L = f.f_locals
        ok = L.get("label") == "xq" if f.f_code.co_name == "spin" else L.get("mine") == "zz"
        if not ok: print("bad", f.f_code.co_name, dict(L))
    del fr, f, L
    time.sleep(0.002)
seen = set()
def prof(frame, event, arg): seen.add(frame.f_code.co_name)
threading.setprofile_all_threads(prof)
time.sleep(0.2)
threading.setprofile_all_threads(None)
print("inner" in seen)
go = False; lock.release()
for t in ts: t.join()
print("done")
