"""What stands for the JIT where CINDERX_DISABLE is in the environment: it can be called, and changes nothing."""


def _returning(value, *names):
    for name in names:

        def function(*args, **kwargs):
            return value() if callable(value) else value

        function.__name__ = function.__qualname__ = name
        function.__doc__ = "Does nothing."
        globals()[name] = function


_returning(
    None,
    "append_jit_list",
    "auto",
    "clear_runtime_stats",
    "compile_after_n_calls",
    "disable",
    "disable_hir_inliner",
    "disable_specialized_opcodes",
    "disassemble",
    "enable",
    "enable_hir_inliner",
    "enable_specialized_opcodes",
    "get_allocator_stats",
    "get_compile_after_n_calls",
    "get_function_compilation_time",
    "get_function_hir_opcode_counts",
    "get_inlined_functions_stats",
    "get_jit_list",
    "multithreaded_compile_test",
    "read_jit_list",
    "set_max_code_size",
)
_returning(
    False,
    "force_compile",
    "force_uncompile",
    "is_enabled",
    "is_hir_inliner_enabled",
    "is_inline_cache_stats_collection_enabled",
    "is_jit_compiled",
    "is_multithreaded_compile_test_enabled",
    "lazy_compile",
    "precompile_all",
)
_returning(
    0,
    "count_interpreted_calls",
    "get_compilation_time",
    "get_compiled_size",
    "get_compiled_spill_stack_size",
    "get_compiled_stack_size",
    "get_num_inlined_functions",
)
_returning(list, "get_compiled_functions")
_returning(dict, "get_and_clear_inline_cache_stats", "get_and_clear_runtime_stats")


def jit_suppress(func):
    """Returns the function as it is."""
    return func


def jit_unsuppress(func):
    """Returns the function as it is."""
    return func


__all__ = [name for name in globals() if not name.startswith("_")]
