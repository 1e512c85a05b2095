//! The specialised instructions, declared once: number, name, the original they stand for, handler.

use super::dispatch::{Handler, miss, step};
use super::handlers::{
    arithmetic, attributes, calls, containers, exceptions, globals, iteration, jumps, locals, native_calls, slices, super_attributes,
};
use super::specialize;
use crate::eval::steps::OPCODES;
use bytecode::Opcode;

macro_rules! declare {
    ($($number:literal $name:ident $original:ident $handler:path;)*) => {
        /// A specialised instruction.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Specialized {
            $($name = $number,)*
        }

        impl Specialized {
            pub const ALL: &[Specialized] = &[$(Specialized::$name,)*];

            /// The specialised instruction with this number.
            pub fn from_byte(byte: u8) -> Option<Specialized> {
                match byte {
                    $($number => Some(Specialized::$name),)*
                    _ => None,
                }
            }

            /// The instruction it stands for.
            pub const fn original(self) -> Opcode {
                match self {
                    $(Specialized::$name => Opcode::$original,)*
                }
            }
        }

        const SPECIALIZED_HANDLERS: &[(u8, Handler)] = &[$(($number, $handler),)*];
    };
}

declare! {
    140 AddInt BinaryOp arithmetic::add_int;
    141 SubtractInt BinaryOp arithmetic::subtract_int;
    142 MultiplyInt BinaryOp arithmetic::multiply_int;
    143 AddFloat BinaryOp arithmetic::add_float;
    144 SubtractFloat BinaryOp arithmetic::subtract_float;
    145 MultiplyFloat BinaryOp arithmetic::multiply_float;
    146 BinaryGeneral BinaryOp arithmetic::binary_general;
    147 ListItem BinaryOp containers::list_item;
    148 TupleItem BinaryOp containers::tuple_item;
    181 StrItem BinaryOp containers::str_item;
    149 CompareInt CompareOp arithmetic::compare_int;
    150 CompareIntJump CompareOp arithmetic::compare_int_jump;
    151 CompareGeneral CompareOp arithmetic::compare_general;
    152 LoadGlobalModule LoadGlobal globals::load_global;
    153 LoadGlobalBuiltin LoadGlobal globals::load_global;
    154 LoadGlobalGeneral LoadGlobal globals::load_global_general;
    155 LoadAttrWord LoadAttr attributes::load_word;
    156 LoadAttrMethod LoadAttr attributes::load_method;
    157 LoadAttrValue LoadAttr attributes::load_value;
    198 LoadAttrBound LoadAttr attributes::load_bound;
    158 LoadAttrGeneral LoadAttr attributes::load_general;
    159 StoreAttrWord StoreAttr attributes::store_word;
    160 StoreAttrAdd StoreAttr attributes::store_add;
    216 StoreAttrPolymorphic StoreAttr attributes::store_polymorphic;
    217 LoadAttrClassMethod LoadAttr attributes::load_class_method;
    161 StoreAttrGeneral StoreAttr attributes::store_general;
    162 LoadFastAttrWord LoadFast attributes::load_fast_word;
    163 ForIterList ForIter iteration::for_list;
    164 ForIterRange ForIter iteration::for_range;
    165 ForIterTuple ForIter iteration::for_tuple;
    166 ForIterGeneral ForIter iteration::for_general;
    180 ForIterPair ForIter iteration::for_pair;
    167 StoreListItem StoreSubscr containers::store_list_item;
    168 StoreSubscrGeneral StoreSubscr containers::store_general;
    169 DictItem BinaryOp containers::dict_item;
    170 BitwiseInt BinaryOp arithmetic::bitwise_int;
    171 CompareGeneralJump CompareOp arithmetic::compare_general_jump;
    173 LoadAttrModule LoadAttr attributes::load_module;
    230 LoadAttrSModule LoadAttr attributes::load_strict_module;
    174 LoadAttrClass LoadAttr attributes::load_class;
    175 LoadAttrPolymorphic LoadAttr attributes::load_polymorphic;
    176 LoadAttrProperty LoadAttr attributes::load_property;
    231 LoadSuperAttrMethod LoadSuperAttr super_attributes::load_super_method;
    232 LoadSuperAttrAttr LoadSuperAttr super_attributes::load_super;
    233 LoadSuperAttrGeneral LoadSuperAttr super_attributes::load_super_general;
    177 MethodItem BinaryOp containers::method_item;
    178 CallAwaited Call calls::call_awaited;
    182 CallFunction Call calls::call_python;
    183 CallDefaults Call calls::call_defaults;
    184 CallClass Call calls::call_class;
    185 CallMethodUnary Call native_calls::call_method_unary;
    186 CallMethodBinary Call native_calls::call_method_binary;
    187 CallMethodMany Call native_calls::call_method_many;
    188 CallMethodBound Call native_calls::call_method_bound;
    189 CallBuiltinUnary Call native_calls::call_builtin_unary;
    190 CallBuiltinBinary Call native_calls::call_builtin_binary;
    191 CallBuiltinMany Call native_calls::call_builtin_many;
    192 CallBuiltinBound Call native_calls::call_builtin_bound;
    193 CallType Call native_calls::call_type;
    194 CallStr Call native_calls::call_str;
    196 CallMethodFew Call native_calls::call_method_few;
    197 CallBuiltinFew Call native_calls::call_builtin_few;
    199 ToBoolBool ToBool jumps::to_bool_bool;
    200 ToBoolInt ToBool jumps::to_bool_int;
    201 ToBoolNone ToBool jumps::to_bool_none;
    202 ToBoolStr ToBool jumps::to_bool_str;
    203 ToBoolList ToBool jumps::to_bool_list;
    204 ToBoolGeneral ToBool jumps::to_bool;
    205 ContainsDict ContainsOp containers::contains_dict;
    206 ContainsSet ContainsOp containers::contains_set;
    207 ContainsGeneral ContainsOp containers::contains;
    208 UnpackTwoTuple UnpackSequence containers::unpack_two_tuple;
    209 UnpackTuple UnpackSequence containers::unpack_tuple;
    210 UnpackList UnpackSequence containers::unpack_list;
    211 UnpackGeneral UnpackSequence containers::unpack_general;
    212 JumpBackwardCounted JumpBackward jumps::jump_backward_counted;
    213 LoadGlobalModuleIs LoadGlobal globals::load_global_is;
    214 LoadGlobalBuiltinIs LoadGlobal globals::load_global_is;
    215 CallBuiltinClass Call native_calls::call_builtin_class;
    218 CallLen Call native_calls::call_len;
    219 CallMethodAppend Call native_calls::call_method_append;
    220 CallAppend Call native_calls::call_append;
    195 CallGeneral Call calls::call;
    179 StoreDictItem StoreSubscr containers::store_dict_item;
    172 LoadFastBorrowAttrWord LoadFastBorrow attributes::load_fast_word;
}

/// The handlers of instructions that are not specialised.
const PLAIN_HANDLERS: &[(Opcode, Handler)] = &[
    (Opcode::Nop, jumps::nop),
    (Opcode::NotTaken, jumps::nop),
    (Opcode::Resume, jumps::resume),
    (Opcode::LoadFast, locals::load_fast),
    (Opcode::LoadFastBorrow, locals::load_fast),
    (Opcode::LoadFastCheck, locals::load_fast_check),
    (Opcode::LoadFastLoadFast, locals::load_fast_load_fast),
    (Opcode::LoadFastBorrowLoadFastBorrow, locals::load_fast_load_fast),
    (Opcode::StoreFast, locals::store_fast),
    (Opcode::StoreFastLoadFast, locals::store_fast_load_fast),
    (Opcode::StoreFastStoreFast, locals::store_fast_store_fast),
    (Opcode::LoadConst, locals::load_const),
    (Opcode::LoadSmallInt, locals::load_small_int),
    (Opcode::PopTop, locals::pop_top),
    (Opcode::PopIter, locals::pop_top),
    (Opcode::EndFor, locals::pop_top),
    (Opcode::PushNull, locals::push_null),
    (Opcode::Copy, locals::copy),
    (Opcode::Swap, locals::swap),
    (Opcode::LoadDeref, locals::load_deref),
    (Opcode::StoreDeref, locals::store_deref),
    (Opcode::UnaryNot, jumps::unary_not),
    (Opcode::ToBool, specialize::to_bool),
    (Opcode::IsOp, jumps::is_op),
    (Opcode::PopJumpIfFalse, jumps::pop_jump_if_false),
    (Opcode::PopJumpIfTrue, jumps::pop_jump_if_true),
    (Opcode::PopJumpIfNone, jumps::pop_jump_if_none),
    (Opcode::PopJumpIfNotNone, jumps::pop_jump_if_not_none),
    (Opcode::JumpForward, jumps::jump),
    (Opcode::JumpBackwardNoInterrupt, jumps::jump),
    (Opcode::JumpBackward, jumps::jump_backward),
    (Opcode::BinaryOp, specialize::binary),
    (Opcode::CompareOp, specialize::compare),
    (Opcode::LoadGlobal, specialize::load_global),
    (Opcode::LoadAttr, specialize::load_attr),
    (Opcode::StoreAttr, specialize::store_attr),
    (Opcode::LoadSuperAttr, super_attributes::load_super_first),
    (Opcode::ForIter, specialize::for_iter),
    (Opcode::StoreSubscr, specialize::store_subscript),
    (Opcode::Call, specialize::call),
    (Opcode::ReturnValue, calls::return_value),
    (Opcode::CallKw, calls::call_kw),
    (Opcode::CallFunctionEx, calls::call_function_ex),
    (Opcode::MakeCell, locals::make_cell),
    (Opcode::CopyFreeVars, locals::copy_free_variables),
    (Opcode::LoadFastAndClear, locals::load_fast_and_clear),
    (Opcode::BinarySlice, containers::binary_slice),
    (Opcode::BuildSlice, slices::build_slice),
    (Opcode::StoreSlice, slices::store_slice),
    (Opcode::FormatSimple, containers::format_simple),
    (Opcode::YieldValue, calls::yield_value),
    (Opcode::ReturnGenerator, calls::return_generator),
    (Opcode::ContainsOp, specialize::contains),
    (Opcode::BuildTuple, containers::build_tuple),
    (Opcode::BuildList, containers::build_list),
    (Opcode::BuildMap, containers::build_map),
    (Opcode::ListAppend, containers::list_append),
    (Opcode::MapAdd, containers::map_add),
    (Opcode::SetAdd, containers::set_add),
    (Opcode::UnpackSequence, specialize::unpack_sequence),
    (Opcode::GetIter, iteration::get_iter),
    (Opcode::GetYieldFromIter, iteration::get_yield_from_iter),
    (Opcode::Send, iteration::send),
    (Opcode::PushExcInfo, exceptions::push_exc_info),
    (Opcode::PopExcept, exceptions::pop_except),
    (Opcode::CheckExcMatch, exceptions::check_exc_match),
];

/// What runs an instruction, by its opcode.
pub(super) static HANDLERS: [Handler; 256] = {
    let mut handlers: [Handler; 256] = [miss; 256];
    let mut index = 0;
    while index < OPCODES.len() {
        handlers[OPCODES[index] as usize] = step;
        index += 1;
    }
    index = 0;
    while index < PLAIN_HANDLERS.len() {
        handlers[PLAIN_HANDLERS[index].0 as usize] = PLAIN_HANDLERS[index].1;
        index += 1;
    }
    index = 0;
    while index < SPECIALIZED_HANDLERS.len() {
        handlers[SPECIALIZED_HANDLERS[index].0 as usize] = SPECIALIZED_HANDLERS[index].1;
        index += 1;
    }
    handlers
};

/// The original opcode of every byte; those that stand for none are never in code.
pub(crate) static ORIGINAL: [Opcode; 256] = {
    let mut originals = [Opcode::Nop; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(opcode) = Opcode::from_u8(byte as u8) {
            originals[byte] = opcode;
        }
        byte += 1;
    }
    let mut index = 0;
    while index < Specialized::ALL.len() {
        originals[Specialized::ALL[index] as usize] = Specialized::ALL[index].original();
        index += 1;
    }
    originals
};

/// The name of an opcode, specialised or not, in CPython's spelling.
pub fn name(byte: u8) -> String {
    let camel = match Specialized::ALL.iter().find(|specialized| **specialized as u8 == byte) {
        Some(specialized) => format!("{specialized:?}"),
        None => return ORIGINAL[usize::from(byte)].name().to_owned(),
    };
    let mut name = String::new();
    for (index, letter) in camel.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
