"""Compiled code after a fork: what was compiled runs in both processes, and both compile more."""
import os
import sys
import threading

def work(n):
    total = 0
    for i in range(n):
        total += i & 7
    return total

def late(n):
    return [work(i) for i in range(n)]

def numbers(n):
    for i in range(n):
        yield work(i)

def report(name):
    print(name, work(50), late(4), list(numbers(3)), flush=True)

def deep(n, then):
    local = n * 2
    result = deep(n - 1, then) if n else then()
    return result + local

for _ in range(5):
    work(10); deep(3, lambda: 0)
stop = threading.Event()
def spin():
    while not stop.is_set():
        work(20)
thread = threading.Thread(target=spin)
thread.start()

def fork():
    # The frames below run compiled code, which goes on in both.
    child = os.fork()
    if child == 0:
        sys._getframe(1).f_locals
        report("child")
        return 1000
    _, status = os.waitpid(child, 0)
    print("status", os.waitstatus_to_exitcode(status))
    return 2000

import warnings
warnings.simplefilter("ignore")
parent = os.getpid()
for _ in range(3):
    result = deep(4, fork)
    print(os.getpid() == parent, result, flush=True)
    if os.getpid() != parent:
        os._exit(3)
    report("parent")
stop.set()
thread.join()
