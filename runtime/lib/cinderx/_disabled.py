"""What stands for the native part of CinderX where CINDERX_DISABLE is in the environment: it can be called, and changes nothing."""

__all__ = [
    "StrictModule",
    "clear_caches",
    "clear_classloader_caches",
    "disable_parallel_gc",
    "enable_parallel_gc",
    "freeze_type",
    "get_parallel_gc_settings",
    "has_parallel_gc",
    "immortalize_heap",
    "install_frame_evaluator",
    "is_frame_evaluator_installed",
    "is_immortal",
    "remove_frame_evaluator",
    "strict_module_patch",
    "strict_module_patch_delete",
    "strict_module_patch_enabled",
    "watch_sys_modules",
]


class StrictModule:
    """Something without attributes."""

    def __init__(self, d, b):
        pass


def clear_caches():
    """Does nothing."""


def clear_classloader_caches():
    """Does nothing."""


def has_parallel_gc():
    """Returns False."""
    return False


def get_parallel_gc_settings():
    """Returns None."""
    return None


def enable_parallel_gc(min_generation=2, num_threads=0):
    """Raises an error."""
    raise RuntimeError("No Parallel GC support because _cinderx did not load correctly")


def disable_parallel_gc():
    """Does nothing."""


def freeze_type(ty):
    """Returns the type as it is."""
    return ty


def immortalize_heap():
    """Does nothing."""


def is_immortal(obj):
    """Raises an error."""
    raise RuntimeError("Can't answer whether an object is mortal or immortal from Python code")


def install_frame_evaluator():
    """Does nothing."""


def remove_frame_evaluator():
    """Does nothing."""


def is_frame_evaluator_installed():
    """Returns False."""
    return False


def strict_module_patch(mod, name, value):
    """Does nothing."""


def strict_module_patch_delete(mod, name):
    """Does nothing."""


def strict_module_patch_enabled(mod):
    """Returns False."""
    return False


def watch_sys_modules():
    """Does nothing."""


def _is_compile_perf_trampoline_pre_fork_enabled():
    return False


def _compile_perf_trampoline_pre_fork():
    pass
