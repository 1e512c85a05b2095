//! The table of instructions.
//!
//! `Name / constructor (operand: required type, ...; ..variable tail: type) <immediate: kind, ...> => type of the result, facts;`
//!
//! A bytecode instruction without a better form has a generic row that does all of it. Stack juggling, jumps, `NOP`, loads and stores
//! of fast locals need none. Operands are in the order of the evaluation stack unless the row says otherwise.
//!
//! References taken out of a place and put back: `Take...` moves the reference out of the place (owned), `Set...`/`Store...` puts the new
//! one in and has the taken one as its last operand, so that the old value dies right behind. Nothing that may deopt, run Python or
//! read the place may stand between the two.

use super::Value;
use super::define::{define_instrs, rest};
use super::facts::{Heap, Info};
use super::immediates::{
    AssumptionId, Block, Condition, Conversion, DoubleKind, DoubleUnaryKind, Immediate, Immediates, IntKind, IntUnaryKind, ItemKind, UnaryKind,
};
use super::output::OutputType::{self, Binary, Boxed, First, FirstKind, Fixed, Narrowed, NotNull, Nothing, Unary, Union};
use super::pool::{Entries, NameId, Pool, TypeId, Values};
use crate::text::{Cursor, SyntaxError};
use crate::types::{ClassId, ObjectId, ShapeId, Type, ty};
use bytecode::opcode::{BinaryOp, CommonConstant, Comparison, FunctionAttribute, Intrinsic1, Intrinsic2, SpecialMethod};
use std::fmt;

/// What a branch can test against zero, null or false.
const TESTABLE: Type = Type::any_of(&[ty::CInt, ty::CBool, ty::CPtr, ty::OptObject]);
/// Containers whose length is a field.
const SIZED: Type = Type::any_of(&[ty::List, ty::Tuple, ty::Dict, ty::Set, ty::Unicode, ty::Bytes]);
/// A Python value, or a machine value of a statically typed function.
const RETURNABLE: Type = Type::any_of(&[ty::Object, ty::Primitive]);
const INT_OR_BOOL: Type = Type::any_of(&[ty::CInt, ty::CBool]);
const TUPLE_OR_NONE: Type = Type::any_of(&[ty::TupleExact, ty::NoneType]);
const SMALL_INT_STEP: Type = Type::any_of(&[ty::SmallInt, ty::Exhausted]);
const ITEMS_LENGTH: Heap = Heap::LIST_ITEM.or(Heap::DICT_ITEM).or(Heap::SET_ITEM);

define_instrs! {
    // ---- entries, constants, phis -------------------------------------------------------------------------------------------

    /// Ends the entry block: control goes on where it came in.
    EntrySwitch / entry_switch() <entries: Entries> => Nothing, terminator();
    /// Moves an argument out of the frame, whose slot is empty then. In the block of `EntryKind::Start`, once for each argument.
    LoadArg / load_arg() <index: u32, name: NameId, ty: TypeId> => OutputType::Immediate, owned(), writes(Heap::FRAME), essential();
    /// Moves a local or value of the stack out of the frame: locals count from 0, the stack goes on behind them. In the block of an `EntryKind::Resume`.
    LoadFrameSlot / load_frame_slot() <index: u32, ty: TypeId> => OutputType::Immediate, owned(), writes(Heap::FRAME), essential();
    /// A value that is its type: a number, a constant, a known object, `Nullptr`.
    LoadConst / load_const() <ty: TypeId> => OutputType::Immediate, borrowed(Heap::NOTHING);
    /// The function that runs.
    LoadCurrentFunction / load_current_function() <> => Fixed(ty::Func), borrowed(Heap::FUNCTION_ARGUMENTS);
    /// A cell of the running function's closure (`COPY_FREE_VARS`).
    LoadClosureCell / load_closure_cell() <index: u32> => Fixed(ty::Cell), borrowed(Heap::FUNCTION_ARGUMENTS);
    /// The value that came from the predecessor; operands are in the order of predecessors. Phis lead their block.
    Phi / phi(; ..inputs: ty::Top) <> => Union, merged();
    /// The same value under another name.
    Assign / assign(value: ty::Top) <> => First, alias();
    /// The second result of the instruction right before, which is the operand.
    GetSecondOutput / get_second_output(first: ty::Top) <ty: TypeId> => OutputType::Immediate, owned(), essential();

    // ---- operators ----------------------------------------------------------------------------------------------------------

    /// An operator through the types' special methods, subscription included; in-place forms too.
    BinaryOp / binary_op(left: ty::Object, right: ty::Object) <op: BinaryOp> => Binary, owned(), python();
    /// What an operator gives once the method of the left operand, an instance of a Python class, has given `NotImplemented`.
    BinaryOpRest / binary_op_rest(left: ty::Object, right: ty::Object) <op: BinaryOp> => Fixed(ty::Object), owned(), python();
    /// What a comparison gives once the method of the left operand has given `NotImplemented`.
    CompareRest / compare_rest(left: ty::Object, right: ty::Object) <op: Comparison> => Fixed(ty::Object), owned(), python();
    /// `-value`, `~value`.
    UnaryOp / unary_op(value: ty::Object) <op: UnaryKind> => Unary, owned(), python();
    /// `not` of a bool.
    UnaryNot / unary_not(value: ty::Bool) <> => Fixed(ty::Bool), uncounted();
    /// A rich comparison.
    Compare / compare(left: ty::Object, right: ty::Object) <op: Comparison> => Fixed(ty::Object), owned(), python();
    /// A rich comparison and the truth of its result.
    CompareBool / compare_bool(left: ty::Object, right: ty::Object) <op: Comparison> => Fixed(ty::CBool), uncounted(), python();
    /// `value in container`.
    Contains / contains(value: ty::Object, container: ty::Object) <> => Fixed(ty::CBool), uncounted(), python();
    /// Whether two words are the same.
    Is / is(left: ty::OptObject, right: ty::OptObject) <> => Fixed(ty::CBool), uncounted();
    /// `bool(value)`.
    IsTruthy / is_truthy(value: ty::Object) <> => Fixed(ty::CBool), uncounted(), python();
    /// `isinstance(value, class)`, any second argument.
    IsInstance / is_instance(value: ty::Object, class: ty::Object) <> => Fixed(ty::CBool), uncounted(), python();

    /// An operator on ints, boxed ones too; no other code runs. `op` is not a subscription or a matrix product.
    LongBinaryOp / long_binary_op(left: ty::LongExact, right: ty::LongExact) <op: BinaryOp> => Binary, owned(), raises();
    /// Compares ints.
    LongCompare / long_compare(left: ty::LongExact, right: ty::LongExact) <op: Condition> => Fixed(ty::CBool), uncounted();
    /// An operator on tagged ints; deopts if the result does not fit, on division by zero and on a shift by a negative count. `op` is one of
    /// `+ - * // % & | ^ << >>` and their in-place forms.
    SmallIntBinaryOp / small_int_binary_op(left: ty::SmallInt, right: ty::SmallInt) <op: BinaryOp> => Fixed(ty::SmallInt), uncounted(), guards();
    /// `-value`, `~value` of a tagged int; deopts if the result does not fit.
    SmallIntUnaryOp / small_int_unary_op(value: ty::SmallInt) <op: UnaryKind> => Fixed(ty::SmallInt), uncounted(), guards();
    /// Compares tagged ints.
    SmallIntCompare / small_int_compare(left: ty::SmallInt, right: ty::SmallInt) <op: Condition> => Fixed(ty::CBool), uncounted();
    /// The machine integer of a tagged int.
    SmallIntUnbox / small_int_unbox(value: ty::SmallInt) <> => Fixed(ty::CInt64), uncounted();
    /// The tagged int of a machine integer; deopts if it does not fit.
    SmallIntBox / small_int_box(value: ty::CInt64) <> => Fixed(ty::SmallInt), uncounted(), guards();
    /// The tagged int of a machine integer known to fit 63 bits.
    SmallIntBoxUnchecked / small_int_box_unchecked(value: ty::CInt64) <> => Fixed(ty::SmallInt), uncounted();
    /// An operator on floats, boxed ones too; raises on division by zero.
    FloatBinaryOp / float_binary_op(left: ty::FloatExact, right: ty::FloatExact) <op: BinaryOp> => Binary, owned(), raises();
    /// Compares floats.
    FloatCompare / float_compare(left: ty::FloatExact, right: ty::FloatExact) <op: Condition> => Fixed(ty::CBool), uncounted();
    /// The machine float of a float, tagged or boxed.
    FloatUnbox / float_unbox(value: ty::FloatExact) <> => Fixed(ty::CDouble), uncounted();
    /// The machine float of what has to be a float; deopts otherwise.
    GuardFloatUnbox / guard_float_unbox(value: ty::OptObject) <> => Fixed(ty::CDouble), uncounted(), guards();
    /// The float of a machine float, tagged where possible.
    FloatBox / float_box(value: ty::CDouble) <> => Fixed(ty::FloatExact), owned();
    /// The machine float nearest to a machine integer.
    IntToDouble / int_to_double(value: ty::CInt64) <> => Fixed(ty::CDouble), uncounted();
    /// The machine float of a tagged int or a float.
    NumberToDouble / number_to_double(value: ty::Number) <> => Fixed(ty::CDouble), uncounted();
    /// An operator on numbers each of which is a tagged int or a float; deopts if the result is an int that does not fit. `op` is one of `+ - *`.
    NumberBinaryOp / number_binary_op(left: ty::Number, right: ty::Number) <op: BinaryOp> => Fixed(ty::Number), owned(), guards();
    /// Joins strings.
    UnicodeConcat / unicode_concat(left: ty::UnicodeExact, right: ty::UnicodeExact) <> => Fixed(ty::UnicodeExact), owned(), raises();
    /// Joins strings; what is appended to may be changed in place if nobody else has it.
    UnicodeAppend / unicode_append(left: ty::UnicodeExact, right: ty::UnicodeExact) <> => Fixed(ty::UnicodeExact), owned(), steals(0);
    /// `text * count`.
    UnicodeRepeat / unicode_repeat(text: ty::UnicodeExact, count: ty::CInt64) <> => Fixed(ty::UnicodeExact), owned(), raises();
    /// Compares strings.
    UnicodeCompare / unicode_compare(left: ty::UnicodeExact, right: ty::UnicodeExact) <op: Condition> => Fixed(ty::CBool), uncounted();
    /// The character at an index within bounds.
    UnicodeItem / unicode_item(text: ty::UnicodeExact, index: ty::CInt64) <> => Fixed(ty::UnicodeExact), owned();

    // ---- machine values -----------------------------------------------------------------------------------------------------

    /// An operation on machine integers, which wraps.
    IntBinaryOp / int_binary_op(left: ty::CInt, right: ty::CInt) <op: IntKind> => FirstKind, uncounted(), same_operands();
    IntUnaryOp / int_unary_op(value: ty::CInt) <op: IntUnaryKind> => FirstKind, uncounted();
    DoubleBinaryOp / double_binary_op(left: ty::CDouble, right: ty::CDouble) <op: DoubleKind> => Fixed(ty::CDouble), uncounted();
    DoubleUnaryOp / double_unary_op(value: ty::CDouble) <op: DoubleUnaryKind> => Fixed(ty::CDouble), uncounted();
    /// Compares machine values of the same type.
    PrimitiveCompare / primitive_compare(left: ty::Primitive, right: ty::Primitive) <op: Condition> => Fixed(ty::CBool), uncounted(), same_operands();
    /// Another machine type: extends by the source's sign, or cuts off.
    PrimitiveConvert / primitive_convert(value: ty::Primitive) <ty: TypeId> => OutputType::Immediate, uncounted();
    /// Whether a machine integer is not zero.
    IntToBool / int_to_bool(value: INT_OR_BOOL) <> => Fixed(ty::CBool), uncounted();
    /// Negates.
    BoolNot / bool_not(value: ty::CBool) <> => Fixed(ty::CBool), uncounted();
    /// The bits of a word, seen as another type.
    BitCast / bit_cast(value: ty::Top) <ty: TypeId> => OutputType::Immediate, uncounted();
    /// The Python value of a machine value: int, float or bool.
    PrimitiveBox / primitive_box(value: ty::Primitive) <> => Boxed, owned();
    /// The machine value of a Python int, float or bool (Static Python); raises if it is of another class or does not fit.
    PrimitiveUnbox / primitive_unbox(value: ty::Object) <ty: TypeId> => OutputType::Immediate, uncounted(), raises();
    /// `True` or `False`.
    BoolBox / bool_box(value: ty::CBool) <> => Fixed(ty::Bool), uncounted();
    BoolUnbox / bool_unbox(value: ty::Bool) <> => Fixed(ty::CBool), uncounted();

    // ---- attributes ---------------------------------------------------------------------------------------------------------

    /// `owner.name`, through an inline cache.
    LoadAttr / load_attr(owner: ty::Object) <name: NameId> => Fixed(ty::Object), owned(), python();
    /// `owner.name` to be called: what to call; second: the receiver, or null.
    LoadMethod / load_method(owner: ty::Object) <name: NameId> => Fixed(ty::Object), owned(), python(), second(ty::OptObject);
    /// `owner.name = value`.
    StoreAttr / store_attr(value: ty::Object, owner: ty::Object) <name: NameId> => Nothing, python();
    DeleteAttr / delete_attr(owner: ty::Object) <name: NameId> => Nothing, python();
    /// `super(class, receiver).name`; `super_type` is the callable, which need not be `super`. Flag 1: `super` was called with two arguments.
    LoadSuperAttr / load_super_attr(super_type: ty::Object, class: ty::Object, receiver: ty::Object) <name: NameId, flags: u32> => Fixed(ty::Object), owned(), python();
    /// The same to be called; second: the receiver, or null.
    LoadSuperMethod / load_super_method(super_type: ty::Object, class: ty::Object, receiver: ty::Object) <name: NameId, flags: u32> => Fixed(ty::Object), owned(), python(), second(ty::OptObject);
    /// A special method of the owner's class, to be called; second: the receiver, or null.
    LoadSpecial / load_special(owner: ty::Object) <method: SpecialMethod> => Fixed(ty::Object), owned(), python(), second(ty::OptObject);
    /// An attribute in the instance, so many bytes from its start; the shape has been checked.
    LoadSlot / load_slot(owner: ty::HeapObject) <offset: u32, name: NameId> => Fixed(ty::Object), borrowed(Heap::SLOT);
    /// Moves the attribute out of the instance, for a `StoreSlot`.
    TakeSlot / take_slot(owner: ty::HeapObject) <offset: u32, name: NameId> => Fixed(ty::Object), owned(), writes(Heap::SLOT), essential();
    /// Puts an attribute in the instance; `previous` is what was taken out.
    StoreSlot / store_slot(owner: ty::HeapObject, value: ty::Object, previous: ty::Object) <offset: u32, name: NameId> => Nothing, steals(1), writes(Heap::SLOT);
    /// Adds an attribute: stores it, and gives the instance its next shape. There is room for it.
    AddSlot / add_slot(owner: ty::HeapObject, value: ty::Object) <offset: u32, name: NameId, shape: ShapeId> => Nothing, steals(1), writes(Heap::SLOT.or(Heap::SHAPE));
    /// A counted field of an object of a builtin class; null where the field can be.
    LoadField / load_field(owner: ty::HeapObject) <offset: u32, name: NameId, ty: TypeId> => OutputType::Immediate, borrowed(Heap::FIELD);
    /// A machine field of an object of a builtin class.
    LoadPrimitiveField / load_primitive_field(owner: ty::HeapObject) <offset: u32, name: NameId, ty: TypeId> => OutputType::Immediate, uncounted(), reads(Heap::FIELD);
    /// `type(value)` as it is in the header, or the class of a tagged value.
    LoadClass / load_class(value: ty::Object) <> => Fixed(ty::Type), borrowed(Heap::SHAPE);

    // ---- names and cells ----------------------------------------------------------------------------------------------------

    /// A global or builtin.
    LoadGlobal / load_global() <name: NameId> => Fixed(ty::Object), owned(), python();
    /// The same of a name whose value is in a known cell ([`crate::environment::CodeUnit::cells`]); deopts if there is none any more. It is
    /// read each time: objects that die between two loads, which is not seen before references are counted, may give the name another value.
    LoadGlobalCell / load_global_cell() <name: NameId, cell: u32> => Fixed(ty::Object), borrowed(Heap::GLOBAL), guards(), essential();
    StoreGlobal / store_global(value: ty::Object) <name: NameId> => Nothing, python();
    DeleteGlobal / delete_global() <name: NameId> => Nothing, python();
    /// A name of the namespace, else a global or builtin.
    LoadName / load_name() <name: NameId> => Fixed(ty::Object), owned(), python();
    StoreName / store_name(value: ty::Object) <name: NameId> => Nothing, python();
    DeleteName / delete_name() <name: NameId> => Nothing, python();
    /// The namespace of a module or class body.
    LoadLocals / load_locals() <> => Fixed(ty::Object), owned(), raises();
    /// A name of a mapping, else a global or builtin.
    LoadFromDictOrGlobals / load_from_dict_or_globals(mapping: ty::Object) <name: NameId> => Fixed(ty::Object), owned(), python();
    /// A name of a mapping, else what the cell of that local holds.
    LoadFromDictOrDeref / load_from_dict_or_deref(mapping: ty::Object, cell: ty::Cell) <name: NameId, local: u32> => Fixed(ty::Object), owned(), python();
    /// `builtins.__build_class__`.
    LoadBuildClass / load_build_class() <> => Fixed(ty::Object), owned(), python();
    LoadCommonConstant / load_common_constant() <constant: CommonConstant> => Fixed(ty::Object), borrowed(Heap::NOTHING);
    SetupAnnotations / setup_annotations() <> => Nothing, python();
    ImportName / import_name(level: ty::Object, names: ty::Object) <name: NameId> => Fixed(ty::Object), owned(), python();
    ImportFrom / import_from(module: ty::Object) <name: NameId> => Fixed(ty::Object), owned(), python();
    /// A new cell that holds the value.
    MakeCell / make_cell(value: ty::OptObject) <> => Fixed(ty::Cell), owned(), steals(0);
    /// What a cell holds; null if nothing.
    LoadCellItem / load_cell_item(cell: ty::Cell) <> => Fixed(ty::OptObject), borrowed(Heap::CELL_ITEM);
    /// Moves what a cell holds out of it.
    TakeCellItem / take_cell_item(cell: ty::Cell) <> => Fixed(ty::OptObject), owned(), writes(Heap::CELL_ITEM), essential();
    /// Puts a value, or null, in a cell; `previous` is what was taken out.
    SetCellItem / set_cell_item(cell: ty::Cell, value: ty::OptObject, previous: ty::OptObject) <> => Nothing, steals(1), writes(Heap::CELL_ITEM);
    /// Raises `UnboundLocalError` if a local is unset.
    CheckVar / check_var(value: ty::OptObject) <name: NameId> => NotNull, alias(), raises();
    /// Raises `NameError` if a free variable is unset, as `LOAD_DEREF` words it; `local` is its number.
    CheckFreevar / check_freevar(value: ty::OptObject) <name: NameId, local: u32> => NotNull, alias(), raises();

    // ---- calls --------------------------------------------------------------------------------------------------------------

    /// Calls with positional arguments.
    VectorCall / vector_call(callable: ty::Object; ..args: ty::Object) <> => Fixed(ty::Object), owned(), python();
    /// The same with a receiver, or null, as the first argument.
    CallMethod / call_method(callable: ty::Object, receiver: ty::OptObject; ..args: ty::Object) <> => Fixed(ty::Object), owned(), python();
    /// Calls with keyword arguments: the last of `args`, by the names in the tuple.
    CallKw / call_kw(callable: ty::Object, receiver: ty::OptObject, names: ty::Object; ..args: ty::Object) <> => Fixed(ty::Object), owned(), python();
    /// `callable(*args, **keywords)`.
    CallEx / call_ex(callable: ty::Object, receiver: ty::OptObject, args: ty::Object, keywords: ty::OptObject) <> => Fixed(ty::Object), owned(), python();
    /// Calls a known Python function (`function` is it) whose parameters are exactly these: no binding is needed.
    CallFunction / call_function(function: ty::Func; ..args: ty::Object) <callee: ObjectId, ty: TypeId> => OutputType::Immediate, owned(), python(), steals_rest();
    /// Calls a known native function of so many arguments. It may run Python.
    CallNative / call_native(; ..args: ty::Top) <callee: ObjectId, ty: TypeId> => OutputType::Immediate, owned(), python();
    /// Calls a known native function that runs no Python and writes nothing others can see. It may raise.
    CallNativeLeaf / call_native_leaf(; ..args: ty::Top) <callee: ObjectId, ty: TypeId> => OutputType::Immediate, owned(), reads(Heap::ANY), raises();
    /// Calls a statically typed function in its native convention.
    InvokeStaticFunction / invoke_static_function(; ..args: ty::Top) <callee: ObjectId, ty: TypeId> => OutputType::Immediate, owned(), python();
    CallIntrinsic1 / call_intrinsic_1(value: ty::Object) <function: Intrinsic1> => Fixed(ty::Object), owned(), python();
    CallIntrinsic2 / call_intrinsic_2(first: ty::Object, second: ty::Object) <function: Intrinsic2> => Fixed(ty::Object), owned(), python();
    /// A new instance of a class without calling any method; its attributes are unset.
    AllocateInstance / allocate_instance() <class: ClassId, shape: ShapeId, ty: TypeId> => OutputType::Immediate, owned();
    /// Raises if what `__init__` returned is not `None`.
    CheckInitResult / check_init_result(value: ty::Object) <> => Nothing, raises();
    MakeFunction / make_function(code: ty::Code) <> => Fixed(ty::Func), owned();
    /// Sets an attribute of a function just made.
    SetFunctionAttribute / set_function_attribute(value: ty::Object, function: ty::Func) <attribute: FunctionAttribute> => Nothing, steals(0), writes(Heap::FUNCTION_ATTRIBUTE);
    /// Binds a function to a receiver.
    MakeMethod / make_method(function: ty::Object, receiver: ty::Object) <> => Fixed(ty::Method), owned(), steals(0), steals(1);
    /// The frame of an inlined function begins; the frame state is the caller's, of the call. Raises if the recursion is too deep.
    BeginInlinedFunction / begin_inlined_function(function: ty::Func) <callee: ObjectId> => Nothing, writes(Heap::FRAME), essential(), raises();
    EndInlinedFunction / end_inlined_function() <> => Nothing, writes(Heap::FRAME), essential();
    /// Stores the index of the bytecode instruction in the frame, the innermost inlined one.
    UpdateInstr / update_instr() <index: u32> => Nothing, writes(Heap::FRAME), essential();

    // ---- containers ---------------------------------------------------------------------------------------------------------

    MakeList / make_list(; ..items: ty::Object) <> => Fixed(ty::ListExact), owned(), steals_rest();
    MakeTuple / make_tuple(; ..items: ty::Object) <> => Fixed(ty::TupleExact), owned(), steals_rest();
    MakeSet / make_set(; ..items: ty::Object) <> => Fixed(ty::SetExact), owned(), python();
    /// From keys and values by turns.
    MakeDict / make_dict(; ..items: ty::Object) <> => Fixed(ty::DictExact), owned(), python();
    /// An empty dict.
    MakeEmptyDict / make_empty_dict() <> => Fixed(ty::DictExact), owned();
    /// `step` is `None` if there were two values.
    MakeSlice / make_slice(start: ty::Object, stop: ty::Object, step: ty::Object) <> => Fixed(ty::Slice), owned();
    /// Joins the strings.
    BuildString / build_string(; ..parts: ty::Object) <> => Fixed(ty::UnicodeExact), owned(), raises();
    BuildTemplate / build_template(strings: ty::Object, interpolations: ty::Object) <> => Fixed(ty::Object), owned(), raises();
    /// `conversion`: the bytecode operand's, 0 for none.
    BuildInterpolation / build_interpolation(value: ty::Object, expression: ty::Object, spec: ty::OptObject) <conversion: u32> => Fixed(ty::Object), owned(), raises();
    /// `format(value)`.
    FormatSimple / format_simple(value: ty::Object) <> => Fixed(ty::Unicode), owned(), python();
    FormatWithSpec / format_with_spec(value: ty::Object, spec: ty::Object) <> => Fixed(ty::Unicode), owned(), python();
    ConvertValue / convert_value(value: ty::Object) <conversion: Conversion> => Fixed(ty::Unicode), owned(), python();
    ListAppend / list_append(list: ty::List, item: ty::Object) <> => Nothing, steals(1), writes(Heap::LIST_ITEM);
    ListExtend / list_extend(list: ty::List, items: ty::Object) <> => Nothing, python();
    ListToTuple / list_to_tuple(list: ty::List) <> => Fixed(ty::TupleExact), owned(), reads(Heap::LIST_ITEM);
    SetAdd / set_add(set: ty::Set, item: ty::Object) <> => Nothing, python();
    SetUpdate / set_update(set: ty::Set, items: ty::Object) <> => Nothing, python();
    /// Stores an item (`MAP_ADD`).
    DictSetItem / dict_set_item(dict: ty::Dict, key: ty::Object, value: ty::Object) <> => Nothing, python();
    DictUpdate / dict_update(dict: ty::Dict, items: ty::Object) <> => Nothing, python();
    /// Merges keyword arguments for a call of `callable`.
    DictMerge / dict_merge(dict: ty::Dict, items: ty::Object, callable: ty::Object) <> => Nothing, python();
    /// `dict[key]` of an exact dict.
    DictSubscr / dict_subscr(dict: ty::DictExact, key: ty::Object) <> => Fixed(ty::Object), owned(), python();
    StoreSubscr / store_subscr(value: ty::Object, container: ty::Object, key: ty::Object) <> => Nothing, python();
    DeleteSubscr / delete_subscr(container: ty::Object, key: ty::Object) <> => Nothing, python();
    BinarySlice / binary_slice(container: ty::Object, start: ty::Object, stop: ty::Object) <> => Fixed(ty::Object), owned(), python();
    /// `container[start:stop:step]`; no slice object is made for a list.
    StridedSlice / strided_slice(container: ty::Object, start: ty::Object, stop: ty::Object, step: ty::Object) <> => Fixed(ty::Object), owned(), python();
    /// `container[start:stop] = value`; items of a list that dies there change places with others.
    StoreSlice / store_slice(value: ty::Object, container: ty::Object, start: ty::Object, stop: ty::Object) <> => Nothing, steals(0), python();
    /// `container[start:stop] = source[first:last:step]` of lists, with bounds, in this order, that are tagged ints or `None`, and a step that is not 0.
    StoreStridedSlice / store_strided_slice(container: ty::ListExact, source: ty::ListExact; ..bounds: ty::Object) <> => Nothing, runs(), essential();
    /// `len(value)`.
    GetLength / get_length(value: ty::Object) <> => Fixed(ty::LongExact), owned(), python();
    /// The number of items, from the object's field; strings count characters.
    LoadLength / load_length(container: SIZED) <> => Fixed(ty::CInt64), uncounted(), reads(ITEMS_LENGTH);
    /// The index into so many items, a negative one counted from the end; deopts if it is out of range.
    CheckBounds / check_bounds(index: ty::CInt64, length: ty::CInt64) <> => Fixed(ty::CInt64), uncounted(), guards();
    /// An item of a list; the index is within bounds.
    LoadListItem / load_list_item(list: ty::List, index: ty::CInt64) <> => Fixed(ty::Object), borrowed(Heap::LIST_ITEM);
    /// Moves an item out of a list, for a `StoreListItem`.
    TakeListItem / take_list_item(list: ty::List, index: ty::CInt64) <> => Fixed(ty::Object), owned(), writes(Heap::LIST_ITEM), essential();
    /// Puts an item in a list; `previous` is what was taken out.
    StoreListItem / store_list_item(list: ty::List, index: ty::CInt64, value: ty::Object, previous: ty::Object) <> => Nothing, steals(2), writes(Heap::LIST_ITEM);
    /// An item of a tuple that has it.
    LoadTupleItem / load_tuple_item(tuple: ty::Tuple) <index: u32> => Fixed(ty::Object), borrowed(Heap::TUPLE_ITEM);
    /// An item of a tuple; the index is within bounds.
    LoadTupleItemAt / load_tuple_item_at(tuple: ty::Tuple, index: ty::CInt64) <> => Fixed(ty::Object), borrowed(Heap::TUPLE_ITEM);
    /// The number of items of an array of machine numbers.
    LoadArrayLength / load_array_length(array: ty::Array) <kind: ItemKind> => Fixed(ty::CInt64), uncounted(), reads(Heap::FIELD);
    /// Where the items of an array are.
    LoadArrayData / load_array_data(array: ty::Array) <> => Fixed(ty::CPtr), uncounted(), reads(Heap::FIELD);
    /// An item of an array that begins there, which lives on; the index is within bounds. `ty`: `CInt64` or `CDouble`, as the kind is.
    LoadArrayItem / load_array_item(array: ty::Array, data: ty::CPtr, index: ty::CInt64) <kind: ItemKind, ty: TypeId> => OutputType::Immediate, uncounted(), reads(Heap::ARRAY_ITEM.or(Heap::FIELD));
    /// Stores a number, which is within the kind's bounds.
    StoreArrayItem / store_array_item(array: ty::Array, data: ty::CPtr, index: ty::CInt64, value: ty::Primitive) <kind: ItemKind> => Nothing, writes(Heap::ARRAY_ITEM);
    /// Where the items of what is a list or a tuple are.
    LoadItems / load_items(sequence: ty::SequenceExact) <> => Fixed(ty::CPtr), uncounted(), reads(Heap::LIST_ITEM);
    /// An item of a list or tuple that has it, whose items begin there.
    LoadItemFrom / load_item_from(sequence: ty::SequenceExact, items: ty::CPtr) <index: u32> => Fixed(ty::Object), borrowed(Heap::LIST_ITEM.or(Heap::TUPLE_ITEM));
    /// The values of an iterable that has exactly so many, as a tuple.
    UnpackSequence / unpack_sequence(value: ty::Object) <count: u32> => Fixed(ty::TupleExact), owned(), python();
    /// The values of an iterable as a tuple: so many, a list of those in the middle, so many.
    UnpackEx / unpack_ex(value: ty::Object) <before: u32, after: u32> => Fixed(ty::TupleExact), owned(), python();

    // ---- iteration ----------------------------------------------------------------------------------------------------------

    /// `iter(value)`.
    GetIter / get_iter(value: ty::Object) <> => OutputType::Iterator, owned(), python();
    /// The same for `yield from`.
    GetYieldFromIter / get_yield_from_iter(value: ty::Object) <> => Fixed(ty::Object), owned(), python();
    /// The next value, or `Exhausted`. A `CondBranchIterNotDone` tells which; on its true edge a `RefineType<Object>` follows.
    IterNext / iter_next(iterator: ty::Object) <> => Fixed(ty::IterItem), owned(), python();
    /// The next value, or `Exhausted`. Of an iterator of pairs the first value of the next pair; second: the other one, and null if it was no pair.
    IterNextPair / iter_next_pair(iterator: ty::Object) <> => Fixed(ty::IterItem), owned(), python(), second(ty::OptObject);
    /// The step of a range whose values are tagged ints; deopts if they are not.
    RangeIteratorNext / range_iterator_next(iterator: ty::RangeIterator) <> => Fixed(SMALL_INT_STEP), uncounted(), guards(), reads(Heap::ITERATOR), writes(Heap::ITERATOR);
    /// The step of a list's iterator, which lets go of the list at its end.
    ListIteratorNext / list_iterator_next(iterator: ty::ListIterator) <> => Fixed(ty::IterItem), owned(), runs();
    /// The step of a tuple's iterator, which lets go of the tuple at its end.
    TupleIteratorNext / tuple_iterator_next(iterator: ty::TupleIterator) <> => Fixed(ty::IterItem), owned(), runs();

    // ---- match --------------------------------------------------------------------------------------------------------------

    /// The tuple of attributes, or `None`.
    MatchClass / match_class(subject: ty::Object, class: ty::Object, names: ty::Object) <positional: u32> => Fixed(TUPLE_OR_NONE), owned(), python();
    /// The tuple of values, or `None`.
    MatchKeys / match_keys(subject: ty::Object, keys: ty::Object) <> => Fixed(TUPLE_OR_NONE), owned(), python();
    MatchMapping / match_mapping(subject: ty::Object) <> => Fixed(ty::CBool), uncounted(), reads(Heap::SHAPE);
    MatchSequence / match_sequence(subject: ty::Object) <> => Fixed(ty::CBool), uncounted(), reads(Heap::SHAPE);

    // ---- exceptions ---------------------------------------------------------------------------------------------------------

    /// Makes an exception the one being handled; gives the one handled before, or `None`.
    PushExcInfo / push_exc_info(exception: ty::Object) <> => Fixed(ty::Object), owned(), reads(Heap::EXCEPTION), writes(Heap::EXCEPTION), essential();
    /// Restores the exception handled before. The other may die.
    PopExcept / pop_except(previous: ty::Object) <> => Nothing, steals(0), runs(), essential();
    /// Whether an exception matches what `except` names.
    ExceptionMatches / exception_matches(exception: ty::Object, kind: ty::Object) <> => Fixed(ty::CBool), uncounted(), python();
    /// Splits an exception group: what matches, or `None`; second: the rest, or `None`.
    CheckEgMatch / check_eg_match(group: ty::Object, kind: ty::Object) <> => Fixed(ty::Object), owned(), python(), second(ty::Object);
    /// Calls `__exit__` with the exception.
    WithExceptStart / with_except_start(exit: ty::Object, receiver: ty::OptObject, exception: ty::Object) <> => Fixed(ty::Object), owned(), python();
    /// The value of a `StopIteration`; raises any other exception again.
    CleanupThrow / cleanup_throw(exception: ty::Object) <> => Fixed(ty::Object), owned(), python();
    /// Raises the exception again unless it is a `StopAsyncIteration`.
    EndAsyncFor / end_async_for(exception: ty::Object) <> => Nothing, python();
    /// The following are `BinaryOp`, `LoadAttr`, `CallMethod`, `CallKw` and `CallEx` whose exceptions the function handles itself: null says that one is set.
    /// (They may raise nevertheless, as far as passes know.)
    TryBinaryOp / try_binary_op(left: ty::Object, right: ty::Object) <op: BinaryOp> => Fixed(ty::OptObject), owned(), python();
    TryLoadAttr / try_load_attr(owner: ty::Object) <name: NameId> => Fixed(ty::OptObject), owned(), python();
    TryCallMethod / try_call_method(callable: ty::Object, receiver: ty::OptObject; ..args: ty::Object) <> => Fixed(ty::OptObject), owned(), python();
    TryCallKw / try_call_kw(callable: ty::Object, receiver: ty::OptObject, names: ty::Object; ..args: ty::Object) <> => Fixed(ty::OptObject), owned(), python();
    TryCallEx / try_call_ex(callable: ty::Object, receiver: ty::OptObject, args: ty::Object, keywords: ty::OptObject) <> => Fixed(ty::OptObject), owned(), python();
    /// Takes the exception that is set, raised by the bytecode instruction of that index, which is added to its traceback.
    CatchException / catch_exception() <index: u32> => Fixed(ty::Object), owned(), writes(Heap::EXCEPTION.or(Heap::FRAME)), essential();
    /// Whether nobody but the frame itself has the frame's object.
    IsUnobserved / is_unobserved() <> => Fixed(ty::CBool), uncounted(), reads(Heap::FRAME);
    /// `raise`, `raise exception`, `raise exception from cause`.
    RaiseVarargs / raise_varargs(; ..args: ty::Object) <> => Nothing, terminator(), python();
    /// Raises the exception again.
    Reraise / reraise(exception: ty::Object) <> => Nothing, terminator(), raises();

    // ---- generators ---------------------------------------------------------------------------------------------------------

    /// Makes the generator or coroutine, which takes the frame over, and returns it. The frame state is the one to begin with.
    ReturnGenerator / return_generator() <> => Nothing, terminator(), suspends();
    /// Suspends: hands the frame state over to the frame and returns the value. The generator goes on at the `EntryKind::Resume` of this index.
    Yield / yield_value(value: ty::Object) <resume: u32> => Nothing, steals(0), terminator(), suspends();
    /// Sends a value to a generator or iterator: what it yields or returns; second: whether it returned.
    Send / send(receiver: ty::Object, value: ty::Object) <> => Fixed(ty::Object), owned(), python(), second(ty::CBool);
    /// `await callable(...)`, with the receiver before the arguments unless it is null: the result, or what is yielded; second: what is waited for then, or null.
    CallAwaited / call_awaited(callable: ty::Object, receiver: ty::OptObject; ..args: ty::Object) <> => Fixed(ty::Object), owned(), python(), second(ty::OptObject);
    /// What `await` waits for. `context`: the bytecode operand.
    GetAwaitable / get_awaitable(value: ty::Object) <context: u32> => Fixed(ty::Object), owned(), python();
    GetAiter / get_aiter(value: ty::Object) <> => Fixed(ty::Object), owned(), python();
    GetAnext / get_anext(iterator: ty::Object) <> => Fixed(ty::Object), owned(), python();

    // ---- control ------------------------------------------------------------------------------------------------------------

    Branch / branch() <target: Block> => Nothing, terminator();
    /// To the first block if the value is not zero: a number, a machine bool, a pointer. A Python value is tested for null, never for its truth.
    CondBranch / cond_branch(condition: TESTABLE) <then: Block, otherwise: Block> => Nothing, terminator();
    /// To the first block unless the iterator is exhausted.
    CondBranchIterNotDone / cond_branch_iter_not_done(item: ty::IterItem) <then: Block, otherwise: Block> => Nothing, terminator();
    /// To the first block if the value is of the type.
    CondBranchCheckType / cond_branch_check_type(value: ty::OptObject) <then: Block, otherwise: Block, ty: TypeId> => Nothing, terminator();
    /// To the first block if the object has the shape; any value may be asked.
    CondBranchShape / cond_branch_shape(value: ty::Object) <then: Block, otherwise: Block, shape: ShapeId> => Nothing, terminator(), reads(Heap::SHAPE);
    Return / return_value(value: RETURNABLE) <> => Nothing, steals(0), terminator();
    /// Goes on in the interpreter.
    Deopt / deopt() <reason: NameId> => Nothing, terminator(), guards();
    /// Control does not come here.
    Unreachable / unreachable() <> => Nothing, terminator();
    /// Looks after signals, other threads and pending calls.
    RunPeriodicTasks / run_periodic_tasks() <> => Nothing, python();

    /// Deopts if signals, other threads or pending calls wait: the interpreter looks after them.
    CheckPeriodicTasks / check_periodic_tasks() <> => Nothing, guards(), essential();

    // ---- guards and hints ---------------------------------------------------------------------------------------------------

    /// Deopts if the value is zero. A Python value is tested for null, never for its truth.
    Guard / guard(condition: TESTABLE) <> => Nothing, guards();
    /// Deopts unless the value is of the type, which names no shape.
    GuardType / guard_type(value: ty::OptObject) <ty: TypeId> => Narrowed, alias(), guards();
    /// Deopts unless the value is the one of the type.
    GuardIs / guard_is(value: ty::OptObject) <ty: TypeId> => Narrowed, alias(), guards();
    /// Deopts unless the object has the shape. Holds until something writes `Heap::SHAPE`; a class that stands for its exact instances comes with it.
    GuardShape / guard_shape(value: ty::Object) <shape: ShapeId, ty: TypeId> => Narrowed, alias(), guards(), reads(Heap::SHAPE), essential();
    /// Deopts unless the value is a list, or an instance of a class derived from `list` that is iterated over as lists are.
    GuardListIteration / guard_list_iteration(value: ty::OptObject) <ty: TypeId> => Narrowed, alias(), guards(), reads(Heap::SHAPE.or(Heap::TYPE_ATTRIBUTE)), essential();
    /// Deopts from here on once the assumption is broken.
    DeoptPatchpoint / deopt_patchpoint() <assumption: AssumptionId> => Nothing, guards(), essential();
    /// Where the value is known to be of the type.
    RefineType / refine_type(value: ty::Top) <ty: TypeId> => Narrowed, alias();
    /// The value must go on to be of the type here.
    UseType / use_type(value: ty::Top) <ty: TypeId> => Nothing, essential();
    /// Keeps a value alive until here.
    UseObject / use_object(value: ty::Top) <> => Nothing, essential();
    /// What was seen of values; no code.
    HintType / hint_type(value: ty::Object) <ty: TypeId> => Nothing;
    /// An object that was not made: only frame states refer to it, and deopt makes it of its parts. By type: a tuple or list of its items, a slice,
    /// a bound method (function, receiver), a range (start, stop, step), an iterator of a list or tuple (it, index), of a range (next, stop, step). Machine values are boxed.
    VirtualObject / virtual_object(; ..parts: ty::Top) <ty: TypeId> => OutputType::Immediate, uncounted();
    /// A frame state that passes may give to guards they insert behind it. Goes away before references are counted.
    Snapshot / snapshot() <> => Nothing, essential(), frame_state();

    // ---- reference counts, inserted last ------------------------------------------------------------------------------------

    Incref / incref(value: ty::Object) <> => Nothing, writes(Heap::REFCOUNT);
    /// The same if it is not null.
    XIncref / x_incref(value: ty::OptObject) <> => Nothing, writes(Heap::REFCOUNT);
    /// Gives up a reference; the object may die, which may run Python code.
    Decref / decref(value: ty::Object) <> => Nothing, steals(0), runs();
    /// The same if it is not null.
    XDecref / x_decref(value: ty::OptObject) <> => Nothing, steals(0), runs();
    /// Gives up a reference to each, null or not.
    BatchDecref / batch_decref(; ..values: ty::OptObject) <> => Nothing, steals_rest(), runs();
}
