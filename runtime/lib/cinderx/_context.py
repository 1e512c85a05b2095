"""Leaving a `with` whose manager is a generator without an exception to raise and catch."""

import contextlib

_installed = None


def install():
    """Has `contextlib`'s managers that are generators end by a sentinel instead of StopIteration, from now on."""
    global _installed
    if _installed is not None:
        return

    from functools import wraps

    from _cinderx import _NEXT_SENTINEL, _next_or_sentinel

    original = contextlib._GeneratorContextManager.__exit__

    @wraps(original)
    def __exit__(self, typ, value, traceback):
        if typ is not None:
            return original(self, typ, value, traceback)
        if _next_or_sentinel(self.gen) is _NEXT_SENTINEL:
            return False
        try:
            raise RuntimeError("generator didn't stop")
        finally:
            self.gen.close()

    _installed = contextlib._GeneratorContextManager.__exit__ = __exit__
