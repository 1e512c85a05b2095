"""threading, queues, thread-local data, executors."""
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

total, lock = 0, threading.Lock()


def add(n):
    global total
    for _ in range(n):
        with lock:
            total += 1


threads = [threading.Thread(target=add, args=(1000,), name=f"adder {i}") for i in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print(total, [t.is_alive() for t in threads], threads[0].name, threading.current_thread().name, threading.main_thread() is threading.current_thread())
local = threading.local()
local.x = "main"
def see(): seen.append(getattr(local, "x", "unset")); local.x = "other"
seen = []
t = threading.Thread(target=see); t.start(); t.join()
print(seen, local.x)
q = queue.Queue(maxsize=2)
def produce():
    for i in range(5): q.put(i)
    q.put(None)
threading.Thread(target=produce, daemon=True).start()
print(list(iter(q.get, None)))
with ThreadPoolExecutor(3) as pool:
    print(list(pool.map(lambda x: x * x, range(5))))
    future = pool.submit(lambda: 1 / 0)
    try:
        future.result()
    except ZeroDivisionError as error:
        print("from the pool:", error)
    print(sorted(f.result() for f in as_completed([pool.submit(pow, 2, n) for n in range(4)])))
event, order = threading.Event(), []
def wait(): event.wait(); order.append("waited")
t = threading.Thread(target=wait); t.start()
order.append("set"); event.set(); t.join()
print(order, event.is_set(), lock.locked(), lock.acquire(timeout=1), lock.acquire(blocking=False), lock.release())
condition, ready = threading.Condition(), []
def notify():
    with condition: ready.append(1); condition.notify()
with condition:
    threading.Thread(target=notify).start()
    print(condition.wait_for(lambda: ready, timeout=5))
barrier = threading.Barrier(2)
t = threading.Thread(target=barrier.wait); t.start(); barrier.wait(); t.join()
semaphore = threading.Semaphore(1)
with semaphore: print(semaphore.acquire(blocking=False))
r = threading.RLock()
with r, r: print("reentered")
def hook(args): print("thread died of", args.exc_type.__name__, args.exc_value)
threading.excepthook = hook
t = threading.Thread(target=lambda: [][0]); t.start(); t.join()
done = []
def spin():
    while not done: pass
t = threading.Thread(target=spin); t.start(); time.sleep(0.01); done.append(1); t.join()
for bad in (lambda: lock.release(), lambda: t.start(), lambda: threading.current_thread().join()):
    try:
        bad()
    except RuntimeError as error:
        print(error)
timer = threading.Timer(0.01, lambda: print("timer")); timer.start(); timer.join()
