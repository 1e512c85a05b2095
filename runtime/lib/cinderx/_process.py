"""What CinderX can switch on and off for the whole process, as far as it is not native."""

__all__ = [
    "clear_classloader_caches",
    "disable_parallel_gc",
    "enable_parallel_gc",
    "get_parallel_gc_settings",
    "has_parallel_gc",
    "install_frame_evaluator",
    "is_frame_evaluator_installed",
    "is_lightweight_frames_enabled",
    "is_prefork_build",
    "remove_frame_evaluator",
    "watch_sys_modules",
]


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
        raise ValueError("invalid num_threads")
    raise RuntimeError("Parallel GC is not supported in this build")


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


def clear_classloader_caches():
    """Does nothing: nothing that classes are found by is kept."""
