//! `_typing`: the native types behind `typing`.

use builtins::typing_types::{GENERIC, PARAM_SPEC, PARAM_SPEC_ARGS, PARAM_SPEC_KWARGS, TYPE_ALIAS, TYPE_VAR, TYPE_VAR_TUPLE, no_default};
use object::generic_alias::UNION;
use object::native::Module;
use object::{PyResult, Ref, Vm, method};

/// `_typing`
pub static MODULE: Module = Module {
    name: "_typing",
    doc: "Primitives and accelerators for the typing module.\n",
    functions: &[method!(Binary idfunc as "_idfunc" "($module, x, /)", "")],
    types: &[&TYPE_VAR, &TYPE_VAR_TUPLE, &PARAM_SPEC, &PARAM_SPEC_ARGS, &PARAM_SPEC_KWARGS, &GENERIC, &TYPE_ALIAS, &UNION],
    init: Some(|vm, module| {
        let no_default = no_default(vm);
        module.set(vm, "NoDefault", no_default);
        Ok(())
    }),
};

fn idfunc(_vm: &mut Vm, _module: Ref<'_>, x: Ref<'_>) -> PyResult {
    Ok(x.to_owned())
}
