//! The copy of hot code as CPython would show it: `_co_code_adaptive`, which `dis.dis(f, adaptive=True)` reads.
//!
//! The visible code, with the opcodes of instructions that have a specialised form in CPython replaced by that form's. What has
//! none there, fused instructions say, is shown as it was.

use super::feedback::{Feedback, Kind, Owner, Place, Seen};
use super::opcode::{ORIGINAL, Specialized};
use crate::code::CodeObject;
use crate::function::{FUNCTION, Function};
use bytecode::opcode::{BinaryOp, Comparison};
use bytecode::wordcode::cache_units;
use bytecode::{Instr, Opcode};
use object::Ref;
use object::class::{TYPE, Type};
use object::descriptor::MEMBER;
use object::function::{BuiltinFunction, MethodDescriptor};
use object::native::Native;
use object::str::STR;
use object::tuple::TUPLE;

macro_rules! forms {
    ($($name:ident = $number:literal;)*) => {
        $(const $name: u8 = $number;)*
    };
}

forms! {
    BINARY_OP_INPLACE_ADD_UNICODE = 3;
    BINARY_OP_ADD_FLOAT = 129;
    BINARY_OP_ADD_INT = 130;
    BINARY_OP_ADD_UNICODE = 131;
    BINARY_OP_MULTIPLY_FLOAT = 133;
    BINARY_OP_MULTIPLY_INT = 134;
    BINARY_OP_SUBSCR_DICT = 135;
    BINARY_OP_SUBSCR_GETITEM = 136;
    BINARY_OP_SUBSCR_LIST_INT = 137;
    BINARY_OP_SUBSCR_LIST_SLICE = 138;
    BINARY_OP_SUBSCR_STR_INT = 139;
    BINARY_OP_SUBSCR_TUPLE_INT = 140;
    BINARY_OP_SUBTRACT_FLOAT = 141;
    BINARY_OP_SUBTRACT_INT = 142;
    CALL_ALLOC_AND_ENTER_INIT = 143;
    CALL_BUILTIN_CLASS = 146;
    CALL_BUILTIN_FAST = 147;
    CALL_BUILTIN_FAST_WITH_KEYWORDS = 148;
    CALL_BUILTIN_O = 149;
    CALL_ISINSTANCE = 150;
    CALL_KW_NON_PY = 152;
    CALL_KW_PY = 153;
    CALL_LEN = 154;
    CALL_LIST_APPEND = 155;
    CALL_METHOD_DESCRIPTOR_FAST = 156;
    CALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS = 157;
    CALL_METHOD_DESCRIPTOR_NOARGS = 158;
    CALL_METHOD_DESCRIPTOR_O = 159;
    CALL_NON_PY_GENERAL = 160;
    CALL_PY_EXACT_ARGS = 161;
    CALL_PY_GENERAL = 162;
    CALL_STR_1 = 163;
    CALL_TUPLE_1 = 164;
    CALL_TYPE_1 = 165;
    COMPARE_OP_FLOAT = 166;
    COMPARE_OP_INT = 167;
    COMPARE_OP_STR = 168;
    CONTAINS_OP_DICT = 169;
    CONTAINS_OP_SET = 170;
    FOR_ITER_GEN = 171;
    FOR_ITER_LIST = 172;
    FOR_ITER_RANGE = 173;
    FOR_ITER_TUPLE = 174;
    JUMP_BACKWARD_NO_JIT = 176;
    LOAD_ATTR_CLASS = 177;
    LOAD_ATTR_CLASS_WITH_METACLASS_CHECK = 178;
    LOAD_ATTR_INSTANCE_VALUE = 180;
    LOAD_ATTR_METHOD_NO_DICT = 182;
    LOAD_ATTR_METHOD_WITH_VALUES = 183;
    LOAD_ATTR_MODULE = 184;
    LOAD_ATTR_NONDESCRIPTOR_NO_DICT = 185;
    LOAD_ATTR_NONDESCRIPTOR_WITH_VALUES = 186;
    LOAD_ATTR_PROPERTY = 187;
    LOAD_ATTR_SLOT = 188;
    LOAD_CONST_IMMORTAL = 190;
    LOAD_CONST_MORTAL = 191;
    LOAD_GLOBAL_BUILTIN = 192;
    LOAD_GLOBAL_MODULE = 193;
    LOAD_SUPER_ATTR_ATTR = 194;
    LOAD_SUPER_ATTR_METHOD = 195;
    RESUME_CHECK = 196;
    STORE_ATTR_INSTANCE_VALUE = 198;
    STORE_ATTR_SLOT = 199;
    STORE_SUBSCR_DICT = 201;
    STORE_SUBSCR_LIST_INT = 202;
    TO_BOOL_BOOL = 204;
    TO_BOOL_INT = 205;
    TO_BOOL_LIST = 206;
    TO_BOOL_NONE = 207;
    TO_BOOL_STR = 208;
    UNPACK_SEQUENCE_LIST = 209;
    UNPACK_SEQUENCE_TUPLE = 210;
    UNPACK_SEQUENCE_TWO_TUPLE = 211;
}

/// The code as the copy has it, in units of two bytes; `None` if there is no copy.
pub(crate) fn adaptive_code(code: &CodeObject) -> Option<Vec<u8>> {
    let shadow = code.shadow.get().filter(|_| code.shown.is_none() && code.runs_copy())?;
    let feedback = Feedback::of_code(code);
    let mut bytes = code.word_code().bytes.clone();
    for index in 0..code.data.instructions.len() {
        let is_pair = index > 0 && shadow.opcode_byte(index - 1) == Specialized::ForIterPair as u8;
        let form = if is_pair { Some(UNPACK_SEQUENCE_TWO_TUPLE) } else { form(code, shadow.opcode_byte(index), index, feedback.at(index)) };
        let Some(form) = form else { continue };
        // The opcode is in the last unit before the caches; what widens the operand comes before it.
        let end = code.word_code().offset_of(index + 1)? as usize;
        let caches = cache_units(code.data.instructions[index].opcode_byte()) as usize;
        if let Some(place) = end.checked_sub(2 * caches + 2).and_then(|offset| bytes.get_mut(offset)) {
            *place = form;
        }
    }
    Some(bytes)
}

/// CPython's specialised form of an instruction.
fn form(code: &CodeObject, byte: u8, index: usize, seen: &Seen) -> Option<u8> {
    let instruction = code.data.instructions[index];
    match ORIGINAL[usize::from(byte)] {
        Opcode::Resume => Some(RESUME_CHECK),
        Opcode::JumpBackward => Some(JUMP_BACKWARD_NO_JIT),
        Opcode::LoadConst => {
            let constant = code.constants.get(instruction.arg() as usize)?;
            Some(if constant.borrow().is_immortal() { LOAD_CONST_IMMORTAL } else { LOAD_CONST_MORTAL })
        }
        Opcode::BinaryOp => binary(instruction, code.data.instructions.get(index + 1).copied(), seen),
        Opcode::CompareOp => compare(instruction, seen),
        Opcode::LoadAttr => load_attr(code, instruction, Specialized::from_byte(byte)?, seen),
        Opcode::StoreAttr => store_attr(code, instruction, seen),
        Opcode::LoadSuperAttr => match Specialized::from_byte(byte)? {
            Specialized::LoadSuperAttrMethod => Some(LOAD_SUPER_ATTR_METHOD),
            Specialized::LoadSuperAttrAttr => Some(LOAD_SUPER_ATTR_ATTR),
            _ => None,
        },
        Opcode::LoadGlobal => match seen {
            Seen::Global { is_builtin: true, .. } => Some(LOAD_GLOBAL_BUILTIN),
            Seen::Global { is_builtin: false, .. } => Some(LOAD_GLOBAL_MODULE),
            _ => None,
        },
        Opcode::ForIter => for_iter(seen),
        Opcode::StoreSubscr => match seen {
            Seen::Operands(Kind::List, Kind::Int) => Some(STORE_SUBSCR_LIST_INT),
            Seen::Operands(Kind::Dict, _) => Some(STORE_SUBSCR_DICT),
            _ => None,
        },
        Opcode::ToBool | Opcode::ContainsOp | Opcode::UnpackSequence => test_or_unpack(Specialized::from_byte(byte)?),
        Opcode::Call => call(instruction, seen),
        Opcode::CallKw => match seen {
            Seen::Callee { value, .. } if value.borrow().is_exactly(&FUNCTION) => Some(CALL_KW_PY),
            Seen::Callee { .. } => Some(CALL_KW_NON_PY),
            _ => None,
        },
        _ => None,
    }
}

fn binary(instruction: Instr, next: Option<Instr>, seen: &Seen) -> Option<u8> {
    let op = BinaryOp::from_u32(instruction.arg())?;
    if let Seen::Attribute(_) = seen {
        return Some(BINARY_OP_SUBSCR_GETITEM);
    }
    let Seen::Operands(left, right) = seen else { return None };
    match (op, left, right) {
        (BinaryOp::Add | BinaryOp::InplaceAdd, Kind::Int, Kind::Int) => Some(BINARY_OP_ADD_INT),
        (BinaryOp::Subtract | BinaryOp::InplaceSubtract, Kind::Int, Kind::Int) => Some(BINARY_OP_SUBTRACT_INT),
        (BinaryOp::Multiply | BinaryOp::InplaceMultiply, Kind::Int, Kind::Int) => Some(BINARY_OP_MULTIPLY_INT),
        (BinaryOp::Add | BinaryOp::InplaceAdd, Kind::Float, Kind::Float) => Some(BINARY_OP_ADD_FLOAT),
        (BinaryOp::Subtract | BinaryOp::InplaceSubtract, Kind::Float, Kind::Float) => Some(BINARY_OP_SUBTRACT_FLOAT),
        (BinaryOp::Multiply | BinaryOp::InplaceMultiply, Kind::Float, Kind::Float) => Some(BINARY_OP_MULTIPLY_FLOAT),
        (BinaryOp::InplaceAdd, Kind::Str, Kind::Str) => {
            let is_stored = next.and_then(Instr::opcode) == Some(Opcode::StoreFast);
            Some(if is_stored { BINARY_OP_INPLACE_ADD_UNICODE } else { BINARY_OP_ADD_UNICODE })
        }
        (BinaryOp::Add, Kind::Str, Kind::Str) => Some(BINARY_OP_ADD_UNICODE),
        (BinaryOp::Subscript, Kind::List, Kind::Int) => Some(BINARY_OP_SUBSCR_LIST_INT),
        (BinaryOp::Subscript, Kind::Tuple, Kind::Int) => Some(BINARY_OP_SUBSCR_TUPLE_INT),
        (BinaryOp::Subscript, Kind::Str, Kind::Int) => Some(BINARY_OP_SUBSCR_STR_INT),
        (BinaryOp::Subscript, Kind::Dict, _) => Some(BINARY_OP_SUBSCR_DICT),
        (BinaryOp::Subscript, Kind::List, Kind::Other(class)) if class.borrow().is(builtins::slice::SLICE.object()) => {
            Some(BINARY_OP_SUBSCR_LIST_SLICE)
        }
        _ => None,
    }
}

fn compare(instruction: Instr, seen: &Seen) -> Option<u8> {
    let op = Comparison::from_u32(instruction.arg() & 15)?;
    match seen {
        Seen::Operands(Kind::Int, Kind::Int) => Some(COMPARE_OP_INT),
        Seen::Operands(Kind::Float, Kind::Float) => Some(COMPARE_OP_FLOAT),
        Seen::Operands(Kind::Str, Kind::Str) if matches!(op, Comparison::Equal | Comparison::NotEqual) => Some(COMPARE_OP_STR),
        _ => None,
    }
}

fn test_or_unpack(form: Specialized) -> Option<u8> {
    match form {
        Specialized::ToBoolBool => Some(TO_BOOL_BOOL),
        Specialized::ToBoolInt => Some(TO_BOOL_INT),
        Specialized::ToBoolNone => Some(TO_BOOL_NONE),
        Specialized::ToBoolStr => Some(TO_BOOL_STR),
        Specialized::ToBoolList => Some(TO_BOOL_LIST),
        Specialized::ContainsDict => Some(CONTAINS_OP_DICT),
        Specialized::ContainsSet => Some(CONTAINS_OP_SET),
        Specialized::UnpackTwoTuple => Some(UNPACK_SEQUENCE_TWO_TUPLE),
        Specialized::UnpackTuple => Some(UNPACK_SEQUENCE_TUPLE),
        Specialized::UnpackList => Some(UNPACK_SEQUENCE_LIST),
        _ => None,
    }
}

fn for_iter(seen: &Seen) -> Option<u8> {
    let Seen::Iterator(kind) = seen else { return None };
    match kind {
        Kind::ListIterator => Some(FOR_ITER_LIST),
        Kind::TupleIterator => Some(FOR_ITER_TUPLE),
        Kind::RangeIterator => Some(FOR_ITER_RANGE),
        Kind::Generator => Some(FOR_ITER_GEN),
        _ => None,
    }
}

/// Whether an attribute is one of the class's `__slots__`.
fn is_slot(owner: &Owner, name: Ref<'_>) -> bool {
    let class = owner.class.borrow().downcast::<Type>();
    class.and_then(|class| class.get().lookup(name)).is_some_and(|found| found.is_exactly(&MEMBER))
}

fn has_values(owner: &Owner) -> bool {
    owner.class.borrow().downcast::<Type>().is_some_and(|class| class.get().has_attributes())
}

fn load_attr(code: &CodeObject, instruction: Instr, form: Specialized, seen: &Seen) -> Option<u8> {
    let name = *code.names.get(instruction.arg() as usize >> 1)?;
    match seen {
        Seen::OfModule { .. } => return Some(LOAD_ATTR_MODULE),
        Seen::OfClass { class, .. } if class.borrow().class().object().is(TYPE.object()) => return Some(LOAD_ATTR_CLASS),
        Seen::OfClass { .. } => return Some(LOAD_ATTR_CLASS_WITH_METACLASS_CHECK),
        _ => {}
    }
    let Seen::Attribute(owners) = seen else { return None };
    let [owner] = owners.as_slice() else { return None };
    if form == Specialized::LoadAttrPolymorphic {
        return None;
    }
    match owner.place {
        Place::Slot { .. } if is_slot(owner, name) => Some(LOAD_ATTR_SLOT),
        Place::Slot { .. } => Some(LOAD_ATTR_INSTANCE_VALUE),
        Place::Method(_) if has_values(owner) => Some(LOAD_ATTR_METHOD_WITH_VALUES),
        Place::Method(_) => Some(LOAD_ATTR_METHOD_NO_DICT),
        Place::Value(_) if has_values(owner) => Some(LOAD_ATTR_NONDESCRIPTOR_WITH_VALUES),
        Place::Value(_) => Some(LOAD_ATTR_NONDESCRIPTOR_NO_DICT),
        Place::Function(_) => Some(LOAD_ATTR_PROPERTY),
        Place::Added { .. } | Place::General => None,
    }
}

fn store_attr(code: &CodeObject, instruction: Instr, seen: &Seen) -> Option<u8> {
    let name = *code.names.get(instruction.arg() as usize)?;
    let Seen::Attribute(owners) = seen else { return None };
    match owners.as_slice() {
        [owner] if is_slot(owner, name) => Some(STORE_ATTR_SLOT),
        [_] => Some(STORE_ATTR_INSTANCE_VALUE),
        _ => None,
    }
}

fn call(instruction: Instr, seen: &Seen) -> Option<u8> {
    let Seen::Callee { value, with_owner } = seen else { return None };
    let n = instruction.arg();
    let value = value.borrow();
    if let Some(function) = value.downcast_exact::<Function>() {
        let is_exact = function.get().code().simple_arguments == n + u32::from(*with_owner);
        return Some(if is_exact { CALL_PY_EXACT_ARGS } else { CALL_PY_GENERAL });
    }
    if let Some(class) = value.downcast::<Type>() {
        return Some(match (n, class.get()) {
            (1, class) if std::ptr::eq(class, &TYPE) => CALL_TYPE_1,
            (1, class) if std::ptr::eq(class, &STR) => CALL_STR_1,
            (1, class) if std::ptr::eq(class, &TUPLE) => CALL_TUPLE_1,
            (_, class) if !class.is_heap_type() => CALL_BUILTIN_CLASS,
            _ if crate::eval::calls::plain_init(value).is_some() => CALL_ALLOC_AND_ENTER_INIT,
            _ => CALL_NON_PY_GENERAL,
        });
    }
    if let Some(builtin) = value.downcast_exact::<BuiltinFunction>() {
        let method = &builtin.get().info.method;
        return Some(match (method.name, method.call) {
            ("len", _) => CALL_LEN,
            ("isinstance", _) => CALL_ISINSTANCE,
            (_, Native::Binary(_)) => CALL_BUILTIN_O,
            (_, Native::Raw(_)) => CALL_BUILTIN_FAST_WITH_KEYWORDS,
            _ => CALL_BUILTIN_FAST,
        });
    }
    let method = value.downcast_exact::<MethodDescriptor>()?.get();
    Some(match (method.info.method.name, method.info.method.call) {
        ("append", _) if std::ptr::eq(method.class, &object::list::LIST) => CALL_LIST_APPEND,
        (_, Native::Unary(_)) => CALL_METHOD_DESCRIPTOR_NOARGS,
        (_, Native::Binary(_)) => CALL_METHOD_DESCRIPTOR_O,
        (_, Native::Raw(_)) => CALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS,
        _ => CALL_METHOD_DESCRIPTOR_FAST,
    })
}
