"""Knobs, caches that are emptied under running code, and flagged types."""

import cinder
class C: pass
def cb(*a): log.append(a)
log = []
cinder.warn_on_inst_dict(C)
a = C(); a.foo = 42; assert a.foo == 42
cinder.set_warn_handler(cb)
def store(o): o.foo = 1; o.bar = 2
for i in range(100): store(C())
assert len(log) == 100 and log[0] == ("WARN001: Dictionary created for flagged instance", C, "foo"), log
log.clear()
cinder.freeze_type(C); C.foo = 42
print(log == [("WARN002: Type modified that was flagged for immutability", C, "foo")], C.foo)
print(cinder.get_warn_handler() is cb); cinder.set_warn_handler(None); print(cinder.get_warn_handler())
class D: pass
cinder.freeze_type(D)
try: cinder.warn_on_inst_dict(D)
except TypeError as e: print(e)
try: cinder.warn_on_inst_dict(1)
except TypeError as e: print(e)
try: D.x = 1
except TypeError as e: print(e)
print(cinder.getknobs()); cinder.setknobs({'polymorphiccache': False}); print(cinder.getknobs()); 
cinder.setknobs({'polymorphiccache': True, 'shadowcode': False}); print(cinder.getknobs())
cinder.setknobs({'shadowcode': True})
class A:
    def __init__(self): self.x = 1
class B(A): pass
def poly(o, n=0):
    if n: cinder.clear_shadow_cache(poly)
    r = o.x
    for i in range(3):
        if n: cinder.clear_all_shadow_caches(); cinder.clear_caches()
        r += o.x + len([i])
    return r
import random
for i in range(500): assert poly(random.choice([A(), B()]), i % 7 == 0) == 7

import os
os.environ['CINDER_SILENT_DEBUG_BREAK'] = '1'
cinder.debug_break()
print(cinder._get_qualname(poly.__code__), cinder.STRUCTURED_DATA_VERSION)

import cinderx
cinderx.remove_frame_evaluator()
cinderx.remove_frame_evaluator()
assert not cinderx.is_frame_evaluator_installed()
cinderx.install_frame_evaluator()
assert cinderx.is_frame_evaluator_installed()
for arguments, error in ((3,), ValueError), ((2, -1), ValueError), ((), RuntimeError):
    try:
        cinderx.enable_parallel_gc(*arguments)
    except error:
        pass
    else:
        raise AssertionError(arguments)
for name in cinderx._LAZY:
    assert getattr(cinderx, name).__name__ == name
delay = cinderx.get_adaptive_delay()
cinderx.set_adaptive_delay(7)
assert cinderx.get_adaptive_delay() == 7
cinderx.set_adaptive_delay(delay)

cinder.immortalize_heap()
code = poly.__code__
for name in 'co_names co_consts co_varnames co_filename co_qualname co_linetable co_exceptiontable co_code'.split():
    assert cinder.is_immortal(getattr(code, name)), name
