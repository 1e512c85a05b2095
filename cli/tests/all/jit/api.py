"""The modules cinderjit and cinderx.jit, each function with what it is to do. Run with -X shadowcode=1."""

import os
import sys
import tempfile

import cinderjit
import cinderx.jit as jit


def raises(kind, text, function, *args):
    try:
        function(*args)
    except kind as error:
        assert text in str(error), (function, str(error))
    else:
        raise AssertionError(f"{function} raises nothing")


def add(a, b):
    return a + b


class C:
    def method(self):
        return add(1, 2)

    def attribute(self):
        return self.x


def generator():
    yield 1


# Every function wants a Python function, or a bound method.
TAKES_FUNCTION = [
    "force_compile", "force_uncompile", "lazy_compile", "is_jit_compiled", "count_interpreted_calls", "jit_suppress", "jit_unsuppress",
    "get_compiled_size", "get_compiled_stack_size", "get_compiled_spill_stack_size", "get_function_compilation_time",
    "get_num_inlined_functions", "get_inlined_functions_stats", "get_function_hir_opcode_counts", "disassemble",
]
for name in TAKES_FUNCTION:
    for value in 1, len, C:
        kind = type(value).__name__
        raises(TypeError, f"{name} expected a Python callable, received '{kind}' object", getattr(jit, name), value)
        assert getattr(jit, name) is getattr(cinderjit, name)

# A function that is not compiled.
assert jit.is_enabled()
assert not jit.is_jit_compiled(add)
assert jit.get_compiled_size(add) == jit.get_compiled_stack_size(add) == jit.get_compiled_spill_stack_size(add) == -1
assert jit.get_function_compilation_time(add) is None and jit.get_function_hir_opcode_counts(add) is None
assert jit.get_num_inlined_functions(add) == 0 and jit.get_inlined_functions_stats(add) is None
raises(RuntimeError, "function is not jit compiled", jit.disassemble, add)
raises(RuntimeError, "function is not jit compiled", cinderjit.print_hir, add)
assert not jit.force_uncompile(add)

# One that is.
for i in range(5):
    add(i, 2)
assert jit.force_compile(add) is True and jit.force_compile(add) is False and not jit.lazy_compile(add)
assert jit.is_jit_compiled(add) and add in jit.get_compiled_functions() and "__main__:add" in jit.get_compiled_function_names()
assert add(2, 3) == 5 and add("a", "b") == "ab"
assert jit.get_compiled_size(add) > 10 and jit.get_compiled_stack_size(add) >= 0 and jit.get_compiled_spill_stack_size(add) >= 0
assert jit.get_function_compilation_time(add) >= 0 and jit.get_compilation_time() >= 0
counts = jit.get_function_hir_opcode_counts(add)
assert counts["Return"] == 1 and all(type(count) is int and count > 0 for count in counts.values())
assert jit.get_inlined_functions_stats(add) == {"num_inlined_functions": 0, "failure_stats": {}}
assert jit.get_allocator_stats()["used_bytes"] > 0
assert "add" in jit.page_in_profiler_dependencies()
assert jit.force_uncompile(add) is True and not jit.is_jit_compiled(add) and add(1, 1) == 2 and jit.force_uncompile(add) is False

# Bound methods stand for their functions.
assert jit.force_compile(C().method) and jit.is_jit_compiled(C.method) and C().method() == 3

# At the next call.
assert jit.lazy_compile(add) and not jit.is_jit_compiled(add)
assert add(1, 2) == 3 and jit.is_jit_compiled(add)

# Never.
assert jit.jit_suppress(add) is add and not jit.is_jit_compiled(add)
raises(RuntimeError, "PYJIT_RESULT_CANNOT_SPECIALIZE", jit.force_compile, add)
assert jit.jit_unsuppress(add) is add and jit.force_compile(add)


def looking():
    return sys._getframe


raises(RuntimeError, "PYJIT_RESULT_CANNOT_SPECIALIZE", jit.force_compile, looking)

# Paused.
with jit.pause():
    assert not jit.is_enabled() and jit.is_jit_compiled(add)
    assert jit.force_compile(looking) is False and jit.lazy_compile(looking) is False and jit.precompile_all() is False
assert jit.is_enabled()
with jit.pause(deopt_all=True):
    assert not jit.is_jit_compiled(add) and add(1, 2) == 3
    with jit.pause():
        pass
    assert not jit.is_enabled()
assert jit.is_enabled() and jit.is_jit_compiled(add) and add(1, 2) == 3
jit.disable(True)
assert not jit.is_jit_compiled(add)
jit.enable()
assert jit.is_jit_compiled(add)

# Why compiled code was left.
jit.clear_runtime_stats()
assert jit.force_compile(C.attribute)
for value in range(3):
    try:
        C().attribute()
    except AttributeError:
        pass
stats = jit.get_and_clear_runtime_stats()
(event,) = [event for event in stats["deopt"] if event["normal"]["func_qualname"] == "C.attribute"]
assert event["normal"]["reason"] == "UnhandledException" and event["normal"]["guilty_type"] == "<none>", event
assert event["normal"]["filename"] == __file__ and event["normal"]["description"].startswith("LoadAttr"), event
assert event["int"] == {"lineno": C.attribute.__code__.co_firstlineno + 1, "count": 3}, event
assert jit.get_and_clear_runtime_stats() == {"deopt": []}
assert jit.get_and_clear_inline_cache_stats() == {"load_method_stats": [], "load_type_method_stats": []}
assert jit.is_inline_cache_stats_collection_enabled() is False

# Printing.
cinderjit.print_hir(add)
jit.disassemble(add)

# Limits.
raises(ValueError, "", jit.set_max_code_size, -1)
jit.set_max_code_size(1)


def later():
    return 1


raises(RuntimeError, "PYJIT_OVER_MAX_CODE_SIZE", jit.force_compile, later)
jit.set_max_code_size(0)

# Switches.
for on, off, is_on in [(jit.enable_hir_inliner, jit.disable_hir_inliner, jit.is_hir_inliner_enabled)]:
    off()
    assert not is_on()
    on()
    assert is_on()
jit.disable_specialized_opcodes()
jit.enable_specialized_opcodes()
raises(NotImplementedError, "multithreaded_compile_test not enabled", jit.multithreaded_compile_test)
assert not jit.is_multithreaded_compile_test_enabled()

# After calls.
raises(ValueError, "", jit.compile_after_n_calls, -1)
raises(ValueError, "", jit.compile_after_n_calls, 1 << 32)
raises(TypeError, "", jit.compile_after_n_calls, "1")


def counted():
    return 1


jit.compile_after_n_calls(3)
assert jit.get_compile_after_n_calls() == cinderjit.auto_jit_threshold() == 3
for call in range(3):
    assert jit.count_interpreted_calls(counted) == call and not jit.is_jit_compiled(counted)
    counted()
assert jit.count_interpreted_calls(counted) == 3
counted()
assert jit.is_jit_compiled(counted)


def waiting():
    return 2


assert not jit.is_jit_compiled(waiting) and jit.precompile_all() is True and jit.is_jit_compiled(waiting)
jit.auto()
assert jit.get_compile_after_n_calls() == 1000

# The list.
assert jit.get_jit_list() is None
raises(RuntimeError, "Failed to parse new JIT list line zzz", jit.append_jit_list, "zzz")
raises(TypeError, "", jit.append_jit_list, 1)
raises(RuntimeError, "Unable to open JIT list file /does/not/exist", jit.read_jit_list, "/does/not/exist")
assert jit.get_jit_list() is None
jit.append_jit_list("__main__:listed")
jit.append_jit_list("C.f@some/dir/file.py:7")
with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
    file.write("# remark\n\n  __main__:C.other \nC.f@file.py:9\n")
jit.read_jit_list(file.name)
os.unlink(file.name)
assert jit.get_jit_list() == ({"__main__": {"listed", "C.other"}}, {"C.f": {"file.py": {7, 9}}})


def listed():
    return 1


def unlisted():
    return 1


assert jit.force_compile(listed)
raises(RuntimeError, "PYJIT_RESULT_NOT_ON_JITLIST", jit.force_compile, unlisted)
print("\nfine")
