//! The leaf types and the unions with names, declared once.

use super::Type;

/// A set of leaf types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leaves(u64);

impl Leaves {
    /// No leaf.
    pub const NONE: Leaves = Leaves(0);

    /// The leaves in both.
    pub const fn and(self, other: Leaves) -> Leaves {
        Leaves(self.0 & other.0)
    }

    /// The leaves in either.
    pub const fn or(self, other: Leaves) -> Leaves {
        Leaves(self.0 | other.0)
    }

    /// The leaves that are not in the other.
    pub const fn without(self, other: Leaves) -> Leaves {
        Leaves(self.0 & !other.0)
    }

    /// Whether all are in the other.
    pub const fn within(self, other: Leaves) -> bool {
        self.0 & !other.0 == 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }
}

/// A leaf's place in the set. The order of the rows is the numbering, and that of printed unions.
#[derive(Clone, Copy)]
enum Storage {
    Heap,
    Tagged,
    Machine,
}

macro_rules! define_leaves {
    ($( $(#[$doc:meta])* $Name:ident $storage:ident; )* ; $( $(#[$udoc:meta])* $Union:ident = $($part:ident)|+; )*) => {
        #[derive(Clone, Copy)]
        enum Leaf { $($Name),* }

        const LEAVES: &[(&str, Storage)] = &[$((stringify!($Name), Storage::$storage)),*];

        pub mod named {
            #![expect(non_upper_case_globals, reason = "types are written as in the text form")]
            use super::{Leaf, Leaves};
            use crate::types::Type;
            $( $(#[$doc])* pub const $Name: Type = Type::of(Leaves(1 << Leaf::$Name as u32)); )*
            $( $(#[$udoc])* pub const $Union: Type = Type::of(Leaves::NONE$(.or($part.leaves()))+); )*
        }

        /// All names, unions first, the greater before the smaller where they overlap.
        pub(super) const NAMED: &[(&str, Type)] = &[
            $((stringify!($Union), named::$Union),)*
            $((stringify!($Name), named::$Name),)*
        ];
    };
}

define_leaves! {
    // Objects of builtin classes that cannot be subclassed, or whose subclasses are of the leaf too (`Module`).
    /// An array of machine numbers; which, its class of the tables says.
    Array Heap;
    Cell Heap;
    Code Heap;
    Frame Heap;
    /// A Python function.
    Func Heap;
    Gen Heap;
    Coroutine Heap;
    AsyncGen Heap;
    Slice Heap;
    /// A bound method.
    Method Heap;
    /// A function or method of native code.
    BuiltinFunction Heap;
    Range Heap;
    RangeIterator Heap;
    ListIterator Heap;
    TupleIterator Heap;
    /// What `enumerate` gives.
    Enumerate Heap;
    /// A module, of `module` or a subclass.
    Module Heap;
    // Pairs: exactly the class, and subclasses that Python code made.
    BaseExceptionExact Heap;
    BaseExceptionUser Heap;
    BytesExact Heap;
    BytesUser Heap;
    DictExact Heap;
    DictUser Heap;
    /// A float in the word itself.
    TaggedFloat Tagged;
    /// A float with an exponent out of the common range, on the heap.
    BoxedFloat Heap;
    FloatUser Heap;
    ListExact Heap;
    ListUser Heap;
    SetExact Heap;
    SetUser Heap;
    TupleExact Heap;
    TupleUser Heap;
    /// A class whose metaclass is `type`.
    TypeExact Heap;
    /// A class with a metaclass of its own.
    TypeUser Heap;
    UnicodeExact Heap;
    UnicodeUser Heap;
    /// An int of 63 bits, in the word itself.
    SmallInt Tagged;
    /// An int beyond 63 bits, on the heap.
    BigInt Heap;
    LongUser Heap;
    /// An instance of `object` itself.
    ObjectExact Heap;
    /// An instance of any class without a leaf of its own: Python's or the library's.
    ObjectUser Heap;
    Bool Tagged;
    NoneType Tagged;
    NotImplemented Tagged;
    Ellipsis Tagged;
    // Machine values.
    CBool Machine;
    CInt8 Machine;
    CInt16 Machine;
    CInt32 Machine;
    CInt64 Machine;
    CUInt8 Machine;
    CUInt16 Machine;
    CUInt32 Machine;
    CUInt64 Machine;
    CPtr Machine;
    CDouble Machine;
    /// The word 0: an unset local, no receiver, "an exception is set".
    Nullptr Machine;
    /// The word that says an iterator is exhausted. It is no Python value.
    Exhausted Machine;
    ;
    /// Every value.
    Top = Object | Primitive | Nullptr | Exhausted;
    /// Every Python value or null.
    OptObject = Object | Nullptr;
    /// What the step of an iterator gives.
    IterItem = Object | Exhausted;
    /// Every Python value.
    Object = HeapObject | Uncounted;
    /// Every Python value that is an object on the heap.
    HeapObject = BuiltinHeap | User;
    BuiltinHeap = Array | Cell | Code | Frame | Func | Gen | Coroutine | AsyncGen | Slice | Method | BuiltinFunction | Range | RangeIterator | ListIterator
        | TupleIterator | Enumerate | Module | BaseExceptionExact | BytesExact | DictExact | BoxedFloat | ListExact | SetExact | TupleExact | TypeExact | UnicodeExact
        | BigInt | ObjectExact;
    /// Instances of classes that are not builtin.
    User = BaseExceptionUser | BytesUser | DictUser | FloatUser | ListUser | SetUser | TupleUser | TypeUser | UnicodeUser | LongUser | ObjectUser;
    /// Python values in the word itself.
    Uncounted = TaggedFloat | SmallInt | Bool | NoneType | NotImplemented | Ellipsis;
    /// Objects that own nothing: freeing one runs no code.
    LeafScalar = TaggedFloat | BoxedFloat | SmallInt | BigInt | Bool | NoneType | NotImplemented | Ellipsis | UnicodeExact | BytesExact;
    Primitive = CInt | CBool | CPtr | CDouble;
    CInt = CSigned | CUnsigned;
    CSigned = CInt8 | CInt16 | CInt32 | CInt64;
    CUnsigned = CUInt8 | CUInt16 | CUInt32 | CUInt64;
    Long = LongExact | LongUser | Bool;
    LongExact = SmallInt | BigInt;
    Float = FloatExact | FloatUser;
    FloatExact = TaggedFloat | BoxedFloat;
    BaseException = BaseExceptionExact | BaseExceptionUser;
    Bytes = BytesExact | BytesUser;
    Dict = DictExact | DictUser;
    List = ListExact | ListUser;
    Set = SetExact | SetUser;
    Tuple = TupleExact | TupleUser;
    Type = TypeExact | TypeUser;
    Unicode = UnicodeExact | UnicodeUser;
    /// Tagged ints and floats.
    Number = SmallInt | FloatExact;
    /// Lists and tuples, no subclasses.
    SequenceExact = ListExact | TupleExact;
}

const fn stored(wanted: Storage) -> Leaves {
    let (mut bits, mut index) = (0, 0);
    while index < LEAVES.len() {
        if LEAVES[index].1 as u8 == wanted as u8 {
            bits |= 1 << index;
        }
        index += 1;
    }
    Leaves(bits)
}

impl Leaves {
    /// Counted objects.
    pub const HEAP: Leaves = stored(Storage::Heap);
    /// Python values in the word itself.
    pub const TAGGED: Leaves = stored(Storage::Tagged);
    /// No Python values.
    pub const MACHINE: Leaves = stored(Storage::Machine);
    /// Leaves a number can specialise.
    pub const INT_VALUED: Leaves = named::SmallInt.leaves().or(named::Bool.leaves()).or(named::CBool.leaves()).or(named::CInt.leaves());
    /// Leaves a machine float can specialise.
    pub const DOUBLE_VALUED: Leaves = named::TaggedFloat.leaves().or(named::BoxedFloat.leaves()).or(named::CDouble.leaves());
    /// Leaves with one value.
    pub const SINGLETONS: Leaves = named::NoneType
        .leaves()
        .or(named::NotImplemented.leaves())
        .or(named::Ellipsis.leaves())
        .or(named::Nullptr.leaves())
        .or(named::Exhausted.leaves());

    /// The leaves one by one.
    pub fn iter(self) -> impl Iterator<Item = Type> {
        (0..64).filter(move |bit| self.0 & 1 << bit != 0).map(|bit| Type::of(Leaves(1 << bit)))
    }
}
