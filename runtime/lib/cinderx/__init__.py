"""What CinderX adds to Python, as far as it is not a module of its own. It is always there and needs no setting up.

With CINDERX_DISABLE in the environment it does without its native part, as on a runtime that cannot have one."""

from os import environ

from _cinderx import StaticTypeError
from cinderx._debug import _get_call_stack, _get_frame_gen, _get_qualname, debug_break
from cinderx._properties import (
    async_cached_classproperty,
    async_cached_property,
    cached_classproperty,
    cached_property,
    cached_property_with_descr,
)


STRUCTURED_DATA_VERSION = 1
_built_with_asan = False


def is_force_disabled():
    """Whether the native part is switched off by CINDERX_DISABLE."""
    return environ.get("CINDERX_DISABLE", "") not in ("", "0")


_import_error = None

if is_force_disabled():
    _import_error = ImportError("The _cinderx native extension has been forcibly disabled with CINDERX_DISABLE in the environment")
    from cinderx._disabled import *
    from cinderx._disabled import _compile_perf_trampoline_pre_fork, _is_compile_perf_trampoline_pre_fork_enabled
else:
    from _cinderx import (
        StrictModule,
        clear_all_shadow_caches,
        clear_caches,
        clear_shadow_cache,
        delay_adaptive,
        freeze_type,
        get_adaptive_delay,
        get_warn_handler,
        getknobs,
        immortalize_heap,
        is_immortal,
        set_adaptive_delay,
        set_warn_handler,
        setknobs,
        strict_module_patch,
        strict_module_patch_delete,
        strict_module_patch_enabled,
        warn_on_inst_dict,
    )
    from cinderx._process import *
    from cinderx._process import _compile_perf_trampoline_pre_fork, _is_compile_perf_trampoline_pre_fork_enabled


_is_init = False


def init():
    """Sets up the collector as the environment says, when it is called first. Importing the module calls it."""
    global _is_init
    if _import_error is None and not _is_init:
        _enable_parallel_gc_by_environment()
        _is_init = True


def is_initialized():
    """Whether the native part is there and set up."""
    return _is_init


def is_supported_runtime():
    """Whether the native part works on this runtime, as it always does."""
    return True


def get_import_error():
    """Why the native part is not there, or None if it is."""
    return _import_error


def _enable_parallel_gc_by_environment():
    if environ.get("PARALLEL_GC_ENABLED", "0") != "1" or not has_parallel_gc():
        return
    import gc

    thresholds = gc.get_threshold()
    gc.set_threshold(*(int(environ.get(f"PARALLEL_GC_THRESHOLD_GEN{i}", thresholds[i])) for i in range(3)))
    enable_parallel_gc(
        min_generation=int(environ.get("PARALLEL_GC_MIN_GENERATION", "2")),
        num_threads=int(environ.get("PARALLEL_GC_NUM_THREADS", "0")),
    )


# What needs modules that not everybody who imports this one needs.
_LAZY = {
    "AsyncLazyValue": "_asyncio",
    "AwaitableValue": "_asyncio",
    "_get_arg0_from_pyframe": "_awaiters",
    "_get_awaiter_frame": "_awaiters",
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


init()
