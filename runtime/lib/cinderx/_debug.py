"""What a debugger or a profiler asks: code, frames, the call stack."""

import sys
from types import CodeType


def debug_break():
    """Stops in a debugger, unless CINDER_SILENT_DEBUG_BREAK is in the environment."""
    import os

    if "CINDER_SILENT_DEBUG_BREAK" not in os.environ:
        import signal

        os.kill(os.getpid(), signal.SIGTRAP)


def toggle_dump_ref_changes():
    """Raises an error: reference counts are not recorded."""
    raise NotImplementedError("Rebuild with --enable-cinder-ref-debug.")


def _get_qualname(code, /):
    """The qualified name of a code object."""
    if not isinstance(code, CodeType):
        raise TypeError("Expected code object")
    return code.co_qualname


def _get_frame_gen(frame, /):
    """The generator or coroutine whose frame this is, or None.

    The call of a coroutine function that is awaited at once has none before it waits for something."""
    if type(frame).__name__ != "frame":
        raise TypeError(f"Expected frame object, got {type(frame).__name__}")
    return frame.f_generator


def _get_call_stack():
    """The code objects of the calls in progress, the innermost last."""
    stack = []
    frame = sys._getframe(1)
    while frame is not None:
        stack.append(frame.f_code)
        frame = frame.f_back
    stack.reverse()
    return stack
