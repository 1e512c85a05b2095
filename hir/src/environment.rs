//! What the runtime says beforehand: plain data about code, classes, objects, global names and what was seen at run time.
//!
//! Filled on the runtime's side before compilation; the compiler asks for nothing else. All of it is a guess about the future (feedback) or a fact that
//! holds until an *assumption* breaks, on which compiled code then is deoptimised: [`AssumptionId`].

mod constants;

use crate::function::{CodeId, Function};
use crate::types::{ClassId, Classes, ObjectId, ShapeId, Type};
use bytecode::Code;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use crate::instr::{AssumptionId, ItemKind};

/// All that is known before a function is compiled.
#[derive(Clone, Default)]
pub struct Preloaded {
    pub classes: Arc<Classes>,
    /// The code objects: [`CodeId`] 0 is that of the function being compiled, others may be inlined.
    pub codes: Vec<CodeUnit>,
    /// The Python functions that a callee can be, by the function object.
    pub functions: BTreeMap<ObjectId, KnownFunction>,
    /// The native functions that a callee can be.
    pub natives: BTreeMap<ObjectId, KnownNative>,
    /// Which class a class object stands for.
    pub known_classes: BTreeMap<ObjectId, KnownClass>,
    /// Builtin classes, and the type of their instances, those of subclasses among them.
    pub builtin_classes: BTreeMap<ObjectId, Type>,
    /// Classes of the tables that stand for arrays of one kind of machine numbers.
    pub arrays: BTreeMap<ClassId, ItemKind>,
    /// Methods of builtin classes, which never change, by class and name: functions of the class that take the receiver as their first argument.
    pub builtin_methods: BTreeMap<(ClassId, String), ObjectId>,
    /// Special methods of Python classes whose instances were seen as operands, by class and name.
    pub special_methods: BTreeMap<(ClassId, String), SpecialMethod>,
    /// HIR of code that may be inlined, as the builder makes it; what is not here is built when it is needed.
    pub bodies: BTreeMap<CodeId, Arc<Function>>,
    /// How many bytecode instructions the function may have with all that is inlined, if that is less than the greatest number there is.
    pub inline_budget: Option<usize>,
    /// What compiled code may rely on.
    pub assumptions: Vec<Assumption>,
    pub inlining: InliningLimits,
}

/// How much is inlined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InliningLimits {
    /// Bytecode instructions of the function and all that is inlined.
    pub budget: usize,
    /// Calls within calls.
    pub depth: usize,
}

impl Default for InliningLimits {
    fn default() -> InliningLimits {
        InliningLimits { budget: 2000, depth: 10 }
    }
}

/// A code object, with the globals it runs with.
#[derive(Clone)]
pub struct CodeUnit {
    pub code: Arc<Code>,
    /// `module:qualified name`.
    pub name: String,
    /// One for each constant: a type with a single value.
    pub constants: Vec<Type>,
    /// Global and builtin names whose value is constant until an assumption breaks, by the index of the name.
    pub globals: BTreeMap<u32, GlobalValue>,
    /// Where the values of other names are: the number of a cell, by the index of the name.
    pub cells: BTreeMap<u32, u32>,
    /// One for each instruction, or none at all.
    pub feedback: Vec<Seen>,
    /// The type each parameter is known to have; `Object` for most. None at all if nothing is known.
    pub arguments: Vec<Type>,
    /// Instructions whose exceptions go to their handlers directly.
    pub caught: BTreeSet<u32>,
}

/// A global name that keeps its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalValue {
    /// A type with a single value.
    pub value: Type,
    pub assumption: AssumptionId,
}

/// A Python function that may be called directly or inlined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFunction {
    /// Its code, if it is among the codes.
    pub code: Option<CodeId>,
    /// Breaks when code, defaults or anything else a call depends on is changed; `None`: has to be guarded.
    pub assumption: Option<AssumptionId>,
    /// Positional parameters, those with defaults among them; `None` if a call cannot be direct.
    pub simple_arguments: Option<u32>,
    /// The defaults of the last positional parameters, each a type with a single value; none of them if one is not.
    pub defaults: Vec<Type>,
    /// Parameters by name only, and their defaults, each a type with a single value.
    pub keyword_only: Vec<Option<Type>>,
    /// Whether there are `*args` and `**keywords`. Their places are behind all other parameters.
    pub takes_rest: bool,
    pub takes_keywords: bool,
    /// The type a call gives.
    pub returns: Type,
}

/// A native function or class that may be called directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownNative {
    pub kind: NativeKind,
    /// How many positional arguments it takes, receiver included, when called directly.
    pub arguments: u32,
    pub returns: Type,
    /// Runs no Python code and writes nothing others can see, for arguments of the types of `leaf_arguments`.
    pub is_leaf: bool,
    pub leaf_arguments: Vec<Type>,
}

/// A class object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownClass {
    pub class: ClassId,
    /// How a call makes an instance, if it does nothing else than that.
    pub construction: Option<Construction>,
}

/// A call of a class that allocates an instance as `object` does and calls an `__init__`, where the metaclass is `type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Construction {
    /// The shape of a new instance.
    pub shape: ShapeId,
    /// The Python function; `None`: that of `object`, which takes no arguments.
    pub init: Option<ObjectId>,
    /// Breaks when the class or one of its bases changes.
    pub assumption: AssumptionId,
}

/// What a Python class has under the name of a special method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecialMethod {
    /// The class.
    pub class: ObjectId,
    pub found: FoundMethod,
    /// Breaks when the class or one of its bases changes.
    pub assumption: AssumptionId,
}

/// What is under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundMethod {
    /// A Python function that runs at once.
    Function(ObjectId),
    /// Nothing.
    Nothing,
    /// What all objects have: of a comparison for equality, one of identity.
    OfObject,
    /// A builtin method, or something else.
    Other,
}

/// Natives that passes have rules for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NativeKind {
    Len,
    IsInstance,
    /// `type`, called with one argument.
    TypeOf,
    ListAppend,
    Range,
    /// `enumerate`, called in any way.
    Enumerate,
    Abs,
    /// `object.__init__`, which does nothing if it is given nothing.
    ObjectInit,
    /// Functions of `math`.
    SquareRoot,
    Sine,
    Cosine,
    /// `min`, called with two arguments.
    Min,
    /// `max`, called with two arguments.
    Max,
    /// Another.
    Other,
}

/// Something that holds until the runtime says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// For dumps.
    pub text: String,
}

/// What a bytecode instruction has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Seen {
    /// Nothing is known: not run since the code was hot. It is compiled to a `Deopt`: of code that nobody has watched, say nothing instead.
    #[default]
    NeverRun,
    /// The instruction is of a kind that keeps no record.
    Unrecorded,
    /// Too many different things.
    Megamorphic,
    /// Types of operands, for `GuardType`: `SmallInt`, `TaggedFloat`, `UnicodeExact`, `ObjectUser[c1:Exact]`, ...; `Object` if unknown. Of `BINARY_OP`,
    /// `COMPARE_OP` and `STORE_SUBSCR` (container and key); of `TO_BOOL`, `UNARY_NEGATIVE`, `UNARY_INVERT`, `UNPACK_SEQUENCE` the first.
    Operands(Type, Type),
    /// Owners of an attribute, the likeliest first: of `LOAD_ATTR`, `STORE_ATTR`, `LOAD_SPECIAL`. A single one with a `Getter`, `__getitem__` or `__setitem__`,
    /// of a subscript or `STORE_SUBSCR`.
    Attribute(Vec<Owner>),
    /// An attribute of a class.
    OfClass { class: ObjectId, value: Type, assumption: AssumptionId },
    /// A class method of a class, for a call: its function.
    ClassMethod { class: ObjectId, function: ObjectId, assumption: AssumptionId },
    /// A name of a module.
    OfModule { module: ObjectId, value: Type, assumption: AssumptionId },
    /// What `super(class, receiver).name` was, `super_type` being `super`, the likeliest receiver first: of `LOAD_SUPER_ATTR`.
    Super { super_type: ObjectId, owners: Vec<SuperOwner> },
    /// The type of a loop's iterator.
    Iterator(Type),
    /// What was called, and whether the owner it was found in is its first argument. Of `CALL` and `CALL_KW`.
    Callee { value: ObjectId, with_owner: bool },
}

/// Instances of one class with one layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub class: ClassId,
    pub shape: ShapeId,
    /// Breaks when the class changes.
    pub assumption: AssumptionId,
    pub place: Place,
}

/// What was found behind a class for receivers of one class, or for one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuperOwner {
    /// The class that the search began behind.
    pub start: ObjectId,
    pub receiver: Receiver,
    /// Breaks when the receiver's class, or the receiver, changes.
    pub assumption: AssumptionId,
    /// A method, a value, or general.
    pub place: Place,
}

/// The receiver of a method that is looked for behind a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// An instance of exactly this class.
    Instance(ClassId),
    /// This class.
    Class(ObjectId),
}

/// Where an attribute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the instance, so many bytes from its start.
    Slot { offset: u32 },
    /// The same, where storing adds it and gives the instance another shape.
    Added { offset: u32, shape: ShapeId },
    /// A function of the class, which binds the instance.
    Method(ObjectId),
    /// The class's own, as it is.
    Value(ObjectId),
    /// The Python function of a property, which takes the instance, or that of a special method.
    Getter(ObjectId),
    /// It has to be looked for each time.
    General,
}

impl KnownFunction {
    /// Whether so many positional arguments are all that it takes.
    pub fn takes(&self, n: usize) -> bool {
        self.simple_arguments == u32::try_from(n).ok() && self.keyword_only.is_empty() && !self.takes_rest && !self.takes_keywords
    }
}

impl Preloaded {
    /// What code alone says, without a runtime: its constants become objects of the tables. For tests and dumps.
    pub fn of_code(code: Arc<Code>, name: &str) -> Preloaded {
        let mut classes = Classes::default();
        let constants = code.constants.iter().map(|constant| constants::type_of(constant, &mut classes)).collect();
        let unit = CodeUnit { constants, ..CodeUnit::new(code, name) };
        Preloaded { classes: Arc::new(classes), codes: vec![unit], ..Preloaded::default() }
    }

    /// The type of all instances of a class object.
    pub fn instances_of(&self, class: ObjectId, classes: &Classes) -> Option<Type> {
        let builtin = self.builtin_classes.get(&class).copied();
        builtin.or_else(|| Some(Type::class(self.known_classes.get(&class)?.class, classes)))
    }

    /// The code with a number.
    pub fn code(&self, id: CodeId) -> &CodeUnit {
        &self.codes[id.0 as usize]
    }
}

impl CodeUnit {
    /// Code of which nothing is known but its instructions.
    pub fn new(code: Arc<Code>, name: &str) -> CodeUnit {
        CodeUnit {
            code,
            name: name.to_owned(),
            constants: Vec::new(),
            cells: BTreeMap::new(),
            globals: BTreeMap::new(),
            feedback: Vec::new(),
            arguments: Vec::new(),
            caught: BTreeSet::new(),
        }
    }

    /// What the instruction has seen.
    pub fn seen(&self, bytecode: u32) -> &Seen {
        self.feedback.get(bytecode as usize).unwrap_or(&Seen::Unrecorded)
    }

    /// Whether a handler covers an instruction.
    pub fn is_covered(&self, bytecode: u32) -> bool {
        self.code.exception_table.iter().any(|entry| entry.start <= bytecode && bytecode < entry.end)
    }
}
