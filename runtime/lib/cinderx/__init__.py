"""What CinderX adds to Python, as far as it is not a module of its own. It is always there and needs no setting up."""

import sys
from types import CodeType

from _cinderx import (
    StaticTypeError,
    clear_all_shadow_caches,
    clear_caches,
    clear_shadow_cache,
    freeze_type,
    get_adaptive_delay,
    get_warn_handler,
    getknobs,
    immortalize_heap,
    is_immortal,
    set_adaptive_delay,
    set_warn_handler,
    setknobs,
    warn_on_inst_dict,
)
from cinderx._properties import (
    async_cached_classproperty,
    async_cached_property,
    cached_classproperty,
    cached_property,
    cached_property_with_descr,
)


STRUCTURED_DATA_VERSION = 1
_built_with_asan = False


def init():
    """Does nothing: there is nothing to set up."""


def is_initialized():
    """Whether the native part is there, as it always is."""
    return True


def is_supported_runtime():
    """Whether the native part works on this runtime, as it always does."""
    return True


def get_import_error():
    """Why the native part is not there: None."""
    return None


def has_parallel_gc():
    """Whether the collector can use several threads: it cannot."""
    return False


def get_parallel_gc_settings():
    """The settings of a collector that uses several threads: None."""
    return None


def enable_parallel_gc(min_generation=2, num_threads=0):
    """Raises an error: the collector cannot use several threads."""
    if not 0 <= min_generation <= 2:
        raise ValueError("invalid generation")
    if num_threads < 0:
        raise ValueError("num_threads must be non-negative")
    raise RuntimeError("No Parallel GC support")


def disable_parallel_gc():
    """Does nothing: the collector does not use several threads."""


def is_prefork_build():
    """Whether this is a build for programs that fork workers: there is only one build."""
    return False


def is_lightweight_frames_enabled():
    """Whether calls make no frame object before somebody asks for one, as is always so."""
    return True


def _is_compile_perf_trampoline_pre_fork_enabled():
    """Whether trampolines for perf are compiled before a fork: there are none."""
    return False


def _compile_perf_trampoline_pre_fork():
    """Does nothing: there are no trampolines for perf."""


_frame_evaluator_installed = True


def install_frame_evaluator():
    """Remembers that the frame evaluator is wanted. There is only one, which is CinderX's and CPython's at once."""
    global _frame_evaluator_installed
    _frame_evaluator_installed = True


def remove_frame_evaluator():
    """Remembers that the frame evaluator is not wanted; frames go on to be evaluated as before."""
    global _frame_evaluator_installed
    _frame_evaluator_installed = False


def is_frame_evaluator_installed():
    """Whether the frame evaluator is wanted, as it is at first."""
    return _frame_evaluator_installed


def watch_sys_modules():
    """Does nothing: imports look at sys.modules each time."""


def debug_break():
    """Stops in a debugger, unless CINDER_SILENT_DEBUG_BREAK is in the environment."""
    import os

    if "CINDER_SILENT_DEBUG_BREAK" not in os.environ:
        import signal

        os.kill(os.getpid(), signal.SIGTRAP)


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


# What needs modules that not everybody who imports this one needs.
_LAZY = {
    "AsyncLazyValue": "_asyncio",
    "AwaitableValue": "_asyncio",
    "_get_coro_awaiter": "_awaiters",
    "_get_entire_call_stack_as_qualnames": "_awaiters",
    "_get_entire_call_stack_as_qualnames_with_lineno": "_awaiters",
    "_get_entire_call_stack_as_qualnames_with_lineno_and_frame": "_awaiters",
}


def __getattr__(name):
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"cinderx.{_LAZY[name]}", fromlist=[name])
    value = globals()[name] = getattr(module, name)
    return value
