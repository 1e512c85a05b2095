"""What runs at the end of a program: atexit functions, then finalisers of the module's globals."""
import atexit
import weakref


class Noisy:
    def __init__(self, name): self.name = name
    def __del__(self): print("del", self.name)


kept = Noisy("global")
atexit.register(print, "registered first")
atexit.register(lambda: print("registered second", kept.name))
weakref.finalize(kept, print, "finalize runs at exit")


class Fails:
    def __call__(self): raise ValueError("in atexit")
    def __repr__(self): return "<failing function>"


atexit.register(Fails())
import sys
del sys.modules["atexit"]
import atexit as other
del sys.modules["atexit"]
other.register(print, "registered with another module", other is not atexit)
print("end of program")
raise SystemExit(3)
