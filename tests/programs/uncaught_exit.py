"""SystemExit with a message, from within functions and finally blocks."""
import sys


def leave():
    try:
        sys.exit("message to standard error")
    finally:
        print("cleaning up")


try:
    leave()
except Exception:
    print("not an Exception")
