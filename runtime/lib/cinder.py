"""The module of Cinder 3.10; the same things as in cinderx, and what only it had."""

from _cinderx import (
    StaticTypeError,
    _has_no_shadowing_instances,
    _set_qualname,
    clear_all_shadow_caches,
    clear_shadow_cache,
    freeze_type,
    get_warn_handler,
    getknobs,
    set_warn_handler,
    setknobs,
    warn_on_inst_dict,
)
from cinderx import (
    STRUCTURED_DATA_VERSION,
    StrictModule,
    _built_with_asan,
    _compile_perf_trampoline_pre_fork,
    _is_compile_perf_trampoline_pre_fork_enabled,
    async_cached_classproperty,
    async_cached_property,
    cached_classproperty,
    cached_property,
    cached_property_with_descr,
    clear_caches,
    clear_classloader_caches,
    disable_parallel_gc,
    enable_parallel_gc,
    get_parallel_gc_settings,
    immortalize_heap,
    is_immortal,
    strict_module_patch,
    strict_module_patch_delete,
    strict_module_patch_enabled,
    watch_sys_modules,
)
from cinderx._debug import _get_call_stack, _get_frame_gen, _get_qualname, debug_break, toggle_dump_ref_changes

cinder_set_warn_handler = set_warn_handler


def __getattr__(name):
    import cinderx

    if name in cinderx._LAZY:
        value = globals()[name] = getattr(cinderx, name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
