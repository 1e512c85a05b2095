"""Controls the JIT and shows what it did: CinderX's names for the functions of cinderjit.

With CINDERX_DISABLE in the environment the functions are there and do nothing."""

from contextlib import contextmanager as _contextmanager

import cinderx as _cinderx

__all__ = [
    "append_jit_list",
    "auto",
    "clear_runtime_stats",
    "compile_after_n_calls",
    "count_interpreted_calls",
    "disable",
    "disable_hir_inliner",
    "disable_specialized_opcodes",
    "disassemble",
    "enable",
    "enable_hir_inliner",
    "enable_specialized_opcodes",
    "force_compile",
    "force_uncompile",
    "get_allocator_stats",
    "get_and_clear_inline_cache_stats",
    "get_and_clear_runtime_stats",
    "get_compilation_time",
    "get_compile_after_n_calls",
    "get_compiled_function_names",
    "get_compiled_functions",
    "get_compiled_size",
    "get_compiled_spill_stack_size",
    "get_compiled_stack_size",
    "get_function_compilation_time",
    "get_function_hir_opcode_counts",
    "get_inlined_functions_stats",
    "get_jit_list",
    "get_num_inlined_functions",
    "is_enabled",
    "is_hir_inliner_enabled",
    "is_inline_cache_stats_collection_enabled",
    "is_jit_compiled",
    "is_multithreaded_compile_test_enabled",
    "jit_suppress",
    "jit_unsuppress",
    "lazy_compile",
    "multithreaded_compile_test",
    "page_in_profiler_dependencies",
    "mlock_profiler_dependencies",
    "pause",
    "precompile_all",
    "read_jit_list",
    "set_max_code_size",
]

if _cinderx.get_import_error() is not None:
    from cinderx._jit_disabled import *
else:
    from cinderjit import *


@_contextmanager
def pause(deopt_all=False):
    """Keeps the JIT from compiling as long as the with statement runs; with deopt_all, compiled functions are interpreted meanwhile."""
    was_enabled = is_enabled()
    if was_enabled:
        disable(deopt_all=deopt_all)
    try:
        yield
    finally:
        if was_enabled:
            enable()


def get_compiled_function_names():
    """The module and qualified name of each compiled function."""
    return sorted(f"{function.__module__}:{function.__qualname__}" for function in get_compiled_functions())


def page_in_profiler_dependencies():
    """The qualified names of compiled functions. Their memory is read, so that it is there when a profiler looks at it."""
    return sorted({function.__qualname__ for function in get_compiled_functions()})


def mlock_profiler_dependencies():
    """Reads the memory of the names of compiled functions."""
    page_in_profiler_dependencies()
