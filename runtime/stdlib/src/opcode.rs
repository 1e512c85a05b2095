//! `_opcode`: what the compiler's instruction set is like, for `opcode` and `dis`.
//!
//! Numbers and effects are CPython 3.14's; the table of the crate `bytecode` has most of them, the
//! rest (instrumented and pseudo instructions) is listed here.

use bytecode::opcode::{Arg, BinaryOp, Intrinsic1, Intrinsic2, Opcode, SpecialMethod};
use object::native::Module;
use object::singleton::ModuleObject;
use object::{Object, PyResult, Ref, RefOf, Vm, method};

pub static MODULE: Module = Module {
    name: "_opcode",
    doc: "Opcode support module.",
    functions: &[
        method!(Bound stack_effect "($module, opcode, oparg=None, /, *, jump=None)", "Compute the stack effect of the opcode."),
        method!(Bound is_valid "($module, /, opcode)", "Return True if opcode is valid, False otherwise."),
        method!(Bound has_arg "($module, /, opcode)", "Return True if the opcode uses its oparg, False otherwise."),
        method!(Bound has_const "($module, /, opcode)", "Return True if the opcode accesses a constant, False otherwise."),
        method!(Bound has_name "($module, /, opcode)", "Return True if the opcode accesses an attribute by name, False otherwise."),
        method!(Bound has_jump "($module, /, opcode)", "Return True if the opcode has a jump target, False otherwise."),
        method!(Bound has_free "($module, /, opcode)", "Return True if the opcode accesses a free variable, False otherwise.\n\nNote that 'free' in this context refers to names in the current scope\nthat are referenced by inner scopes or names in outer scopes that are\nreferenced from this scope. It does not include references to global\nor builtin scopes."),
        method!(Bound has_local "($module, /, opcode)", "Return True if the opcode accesses a local variable, False otherwise."),
        method!(Bound has_exc "($module, /, opcode)", "Return True if the opcode sets an exception handler, False otherwise."),
        method!(Unary get_specialization_stats "($module, /)", "Return the specialization stats"),
        method!(Unary get_nb_ops "($module, /)", "Return array of symbols of binary ops.\n\nIndexed by the BINARY_OP oparg value."),
        method!(Unary get_intrinsic1_descs "($module, /)", "Return a list of names of the unary intrinsics."),
        method!(Unary get_intrinsic2_descs "($module, /)", "Return a list of names of the binary intrinsics."),
        method!(Unary get_special_method_names "($module, /)", "Return a list of special method names."),
        method!(Bound get_executor "($module, /, code, offset)", "Return the executor object at offset in code if exists, None otherwise."),
    ],
    init: Some(init),
    ..Module::DEFAULT
};

fn init(vm: &mut Vm, module: RefOf<'_, ModuleObject>) -> PyResult<()> {
    crate::argument::set_constants(vm, module, &[("ENABLE_SPECIALIZATION", 1), ("ENABLE_SPECIALIZATION_FT", 0)]);
    Ok(())
}

/// An instruction that the evaluation loop never sees, or sees as another one.
struct Other {
    number: i64,
    flags: &'static str,
    effect: Effect,
}

enum Effect {
    Fixed(i64),
    /// As that of another instruction.
    Same(Opcode),
    /// Where the jump is taken; nothing otherwise.
    Jump(i64),
}

/// Flags: `a`rgument, `n`ame, `l`ocal, `j`ump, `e`xception handler.
macro_rules! others {
    ($($number:literal $flags:literal $effect:expr;)*) => {
        static OTHERS: &[Other] = &[$(Other { number: $number, flags: $flags, effect: $effect }),*];
    };
}

others! {
    0 "" Effect::Fixed(0);
    11 "" Effect::Fixed(-1);
    17 "" Effect::Fixed(0);
    20 "" Effect::Fixed(-1);
    69 "a" Effect::Fixed(0);
    234 "" Effect::Same(Opcode::EndFor);
    235 "" Effect::Same(Opcode::PopIter);
    236 "" Effect::Same(Opcode::EndSend);
    237 "aj" Effect::Same(Opcode::ForIter);
    238 "" Effect::Fixed(0);
    239 "a" Effect::Fixed(0);
    240 "" Effect::Fixed(0);
    241 "a" Effect::Fixed(-1);
    242 "a" Effect::Fixed(-1);
    243 "a" Effect::Fixed(-1);
    244 "a" Effect::Fixed(-1);
    245 "a" Effect::Fixed(0);
    246 "" Effect::Fixed(0);
    247 "a" Effect::Fixed(0);
    248 "aj" Effect::Fixed(-2);
    249 "an" Effect::Same(Opcode::LoadSuperAttr);
    250 "a" Effect::Same(Opcode::Call);
    251 "a" Effect::Same(Opcode::CallKw);
    252 "" Effect::Fixed(-3);
    253 "a" Effect::Fixed(0);
    254 "" Effect::Fixed(0);
    255 "a" Effect::Fixed(0);
    256 "" Effect::Fixed(0);
    257 "aj" Effect::Fixed(0);
    258 "aj" Effect::Fixed(0);
    259 "aj" Effect::Fixed(0);
    260 "aj" Effect::Fixed(0);
    261 "al" Effect::Fixed(1);
    262 "" Effect::Fixed(0);
    263 "ae" Effect::Jump(2);
    264 "ae" Effect::Jump(1);
    265 "ae" Effect::Jump(1);
    266 "al" Effect::Fixed(-1);
}

fn known(number: i64) -> Option<Opcode> {
    u8::try_from(number).ok().and_then(Opcode::from_u8)
}

fn other(number: i64) -> Option<&'static Other> {
    OTHERS.iter().find(|other| other.number == number)
}

fn effect_of(opcode: Opcode, operand: u32) -> i64 {
    let info = opcode.info();
    match opcode {
        // The value returned goes to the caller's stack.
        Opcode::ReturnValue => 0,
        _ => i64::from(info.pushes.at(operand)) - i64::from(info.pops.at(operand)),
    }
}

/// The flags of an instruction, as in the table of the others.
fn flags_of(number: i64) -> String {
    let Some(opcode) = known(number) else {
        return other(number).map_or("", |other| other.flags).to_owned();
    };
    let mut flags = String::new();
    let info = opcode.info();
    if info.arg != Arg::None {
        flags.push('a');
    }
    match info.arg {
        Arg::Const => flags.push('c'),
        Arg::Name | Arg::Attr | Arg::Global | Arg::SuperAttr => flags.push('n'),
        Arg::Jump => flags.push('j'),
        Arg::Local | Arg::LocalPair => {
            let free = matches!(opcode.name(), "DELETE_DEREF" | "LOAD_FROM_DICT_OR_DEREF" | "MAKE_CELL" | "STORE_DEREF");
            flags.push(if free { 'f' } else { 'l' });
        }
        _ => {}
    }
    flags
}

fn number_argument(vm: &mut Vm, object: Option<Ref<'_>>) -> PyResult<i64> {
    vm.to_i32(object.expect("the argument is required")).map(i64::from)
}

fn stack_effect(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let number = number_argument(vm, args[0])?;
    let operand = match crate::argument::given(args[1]) {
        Some(operand) => vm.to_i32(operand)? as u32,
        None => 0,
    };
    let jumps = match args[2] {
        None => true,
        Some(jump) if jump.is_none() || jump.is_true() => true,
        Some(jump) if jump.is_false() => false,
        Some(_) => return Err(vm.value_error("stack_effect: jump must be False, True or None")),
    };
    let effect = match (known(number), other(number)) {
        (Some(opcode), _) => effect_of(opcode, operand),
        (None, Some(other)) => match other.effect {
            Effect::Fixed(effect) => effect,
            Effect::Same(opcode) => effect_of(opcode, operand),
            Effect::Jump(effect) => effect * i64::from(jumps),
        },
        (None, None) => return Err(vm.value_error("invalid opcode or oparg")),
    };
    Ok(vm.new_int(effect))
}

fn is_valid(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let number = number_argument(vm, args[0])?;
    Ok(Object::bool(known(number).is_some() || other(number).is_some()))
}

macro_rules! flag_functions {
    ($($name:ident $flag:literal;)*) => { $(
        fn $name(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
            let number = number_argument(vm, args[0])?;
            Ok(Object::bool(flags_of(number).contains($flag)))
        }
    )* };
}

flag_functions! {
    has_arg 'a';
    has_const 'c';
    has_name 'n';
    has_jump 'j';
    has_free 'f';
    has_local 'l';
    has_exc 'e';
}

fn get_specialization_stats(_vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(Object::none())
}

fn name_of(op: BinaryOp) -> String {
    let plain = match op.without_inplace() {
        BinaryOp::Add => "ADD",
        BinaryOp::And => "AND",
        BinaryOp::FloorDivide => "FLOOR_DIVIDE",
        BinaryOp::LeftShift => "LSHIFT",
        BinaryOp::MatrixMultiply => "MATRIX_MULTIPLY",
        BinaryOp::Multiply => "MULTIPLY",
        BinaryOp::Remainder => "REMAINDER",
        BinaryOp::Or => "OR",
        BinaryOp::Power => "POWER",
        BinaryOp::RightShift => "RSHIFT",
        BinaryOp::Subtract => "SUBTRACT",
        BinaryOp::TrueDivide => "TRUE_DIVIDE",
        BinaryOp::Xor => "XOR",
        _ => "SUBSCR",
    };
    format!("NB_{}{plain}", if op.is_inplace() { "INPLACE_" } else { "" })
}

fn get_nb_ops(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    let pairs: Vec<Object> = BinaryOp::ALL
        .iter()
        .map(|&op| {
            let (name, text) = (vm.new_str(&name_of(op)).into_object(), vm.new_str(op.text()).into_object());
            vm.new_tuple([name, text]).into_object()
        })
        .collect();
    Ok(vm.new_list(pairs).into_object())
}

fn new_names<'a>(vm: &mut Vm, names: impl Iterator<Item = &'a str>) -> Object {
    let names = names.map(|name| vm.new_str(name).into_object()).collect();
    vm.new_list(names).into_object()
}

fn get_intrinsic1_descs(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(new_names(vm, std::iter::once("INTRINSIC_1_INVALID").chain(Intrinsic1::ALL.iter().map(|intrinsic| intrinsic.text()))))
}

fn get_intrinsic2_descs(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(new_names(vm, std::iter::once("INTRINSIC_2_INVALID").chain(Intrinsic2::ALL.iter().map(|intrinsic| intrinsic.text()))))
}

fn get_special_method_names(vm: &mut Vm, _module: Ref<'_>) -> PyResult {
    Ok(new_names(vm, SpecialMethod::ALL.iter().map(|method| method.text())))
}

fn get_executor(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let code = args[0].expect("the argument is required");
    if code.class().name() != "code" {
        let message = format!("expected a code object, not '{}'", code.class().full_name());
        return Err(vm.type_error(message));
    }
    number_argument(vm, args[1])?;
    Err(vm.value_error("no executor at given byte offset"))
}
