"""The traceback of a runaway recursion is cut short."""


def down(n):
    return down(n + 1)


import sys
sys.setrecursionlimit(200)
try:
    down(0)
except RecursionError as error:
    print(error)


def short(n):
    if n == 0:
        raise ValueError("bottom")
    return short(n - 1)


short(20)
