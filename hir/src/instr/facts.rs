//! What the table can say of an instruction.

use super::output::OutputType;
use crate::types::Type;

/// A set of memory locations, by kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Heap(pub u32);

/// Who counts an instruction's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// There is none.
    Nothing,
    /// A machine value, or an object that is never counted.
    Uncounted,
    /// The function owns a new reference. (The value may be of a type that is not counted, or null.)
    Owned,
    /// The reference lives as long as nothing writes these locations; for ever if there are none.
    Borrowed(Heap),
    /// The same value as the first operand, under a narrower type; the operand's reference.
    Alias,
    /// A phi: whichever the operands are; the refcount insertion decides.
    Merged,
}

/// How an instruction may leave compiled code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deopt {
    /// Before anything was done: the interpreter executes the bytecode instruction again.
    pub reexecutes: bool,
    /// With an exception set.
    pub raises: bool,
}

/// What passes may assume about an opcode.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    pub name: &'static str,
    /// Fixed operands: name and required type.
    pub operands: &'static [(&'static str, Type)],
    /// What all further operands must be; `None` if there are none.
    pub rest: Option<Type>,
    pub output_type: OutputType,
    pub output: Output,
    /// The type of the second result, which a `GetSecondOutput` right behind gives; always owned or not counted.
    pub second: Option<Type>,
    pub reads: Heap,
    pub writes: Heap,
    /// Bits of fixed operands whose reference is taken over.
    pub steals: u8,
    pub steals_rest: bool,
    pub deopt: Deopt,
    pub runs_python: bool,
    pub is_terminator: bool,
    /// Kept even if nothing uses the result.
    pub is_essential: bool,
    /// All operands must have the same machine type.
    pub same_operands: bool,
    /// Needs a frame state although it does not deopt: it hands all values of it over to the interpreter's frame (owned), or
    /// records where control is.
    pub needs_frame_state: bool,
    /// The interpreter's frame takes over the values of the frame state.
    pub steals_frame_state: bool,
    /// May run again after a deopt of a later instruction of the same bytecode instruction.
    pub is_replayable: bool,
}

impl Heap {
    /// No place.
    pub const NOTHING: Heap = Heap(0);
    /// Arguments, the running function and its closure: they live as long as the frame.
    pub const FUNCTION_ARGUMENTS: Heap = Heap(1 << 0);
    pub const LIST_ITEM: Heap = Heap(1 << 1);
    pub const TUPLE_ITEM: Heap = Heap(1 << 2);
    pub const CELL_ITEM: Heap = Heap(1 << 3);
    pub const DICT_ITEM: Heap = Heap(1 << 4);
    pub const SET_ITEM: Heap = Heap(1 << 5);
    /// Items of arrays of machine numbers.
    pub const ARRAY_ITEM: Heap = Heap(1 << 6);
    /// Attributes in instances.
    pub const SLOT: Heap = Heap(1 << 7);
    /// Fields of objects of builtin classes.
    pub const FIELD: Heap = Heap(1 << 8);
    /// Shape and class of objects.
    pub const SHAPE: Heap = Heap(1 << 9);
    pub const FUNCTION_ATTRIBUTE: Heap = Heap(1 << 10);
    /// Globals, builtins, namespaces.
    pub const GLOBAL: Heap = Heap(1 << 11);
    /// Attributes of classes, inline caches.
    pub const TYPE_ATTRIBUTE: Heap = Heap(1 << 12);
    /// Where iterators are.
    pub const ITERATOR: Heap = Heap(1 << 13);
    /// The exception being handled.
    pub const EXCEPTION: Heap = Heap(1 << 14);
    /// Interpreter frames: instruction index, slots.
    pub const FRAME: Heap = Heap(1 << 15);
    /// Reference counts.
    pub const REFCOUNT: Heap = Heap(1 << 16);
    /// All of them.
    pub const ANY: Heap = Heap((1 << 17) - 1);
    /// What Python code can write.
    pub const MANAGED: Heap = Heap(Heap::ANY.0 & !Heap::FUNCTION_ARGUMENTS.0);

    /// The places of either.
    pub const fn or(self, other: Heap) -> Heap {
        Heap(self.0 | other.0)
    }

    /// The places of both.
    pub const fn and(self, other: Heap) -> Heap {
        Heap(self.0 & other.0)
    }

    /// Whether they have a place in common.
    pub const fn meets(self, other: Heap) -> bool {
        self.0 & other.0 != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Info {
    pub(super) const fn new(name: &'static str, operands: &'static [(&'static str, Type)], rest: Option<Type>, output_type: OutputType) -> Info {
        Info {
            name,
            operands,
            rest,
            output_type,
            output: Output::Nothing,
            second: None,
            reads: Heap::NOTHING,
            writes: Heap::NOTHING,
            steals: 0,
            steals_rest: false,
            deopt: Deopt { reexecutes: false, raises: false },
            runs_python: false,
            is_terminator: false,
            is_essential: false,
            same_operands: false,
            needs_frame_state: false,
            steals_frame_state: false,
            is_replayable: true,
        }
    }

    /// Whether it may leave compiled code.
    pub const fn may_deopt(&self) -> bool {
        self.deopt.reexecutes || self.deopt.raises
    }

    /// Whether an instruction must carry a frame state.
    pub const fn has_frame_state(&self) -> bool {
        self.may_deopt() || self.needs_frame_state
    }

    /// Whether it gives a value.
    pub const fn has_output(&self) -> bool {
        !matches!(self.output, Output::Nothing)
    }

    pub(super) const fn uncounted(mut self) -> Info {
        self.output = Output::Uncounted;
        self
    }

    pub(super) const fn owned(mut self) -> Info {
        self.output = Output::Owned;
        self
    }

    pub(super) const fn borrowed(mut self, heap: Heap) -> Info {
        self.output = Output::Borrowed(heap);
        self.reads = self.reads.or(heap);
        self
    }

    pub(super) const fn alias(mut self) -> Info {
        self.output = Output::Alias;
        self
    }

    pub(super) const fn merged(mut self) -> Info {
        self.output = Output::Merged;
        self
    }

    pub(super) const fn second(mut self, second: Type) -> Info {
        self.second = Some(second);
        self
    }

    pub(super) const fn reads(mut self, heap: Heap) -> Info {
        self.reads = self.reads.or(heap);
        self
    }

    pub(super) const fn writes(mut self, heap: Heap) -> Info {
        self.writes = self.writes.or(heap);
        self.is_replayable = false;
        self
    }

    pub(super) const fn steals(mut self, operand: u8) -> Info {
        self.steals |= 1 << operand;
        self
    }

    pub(super) const fn steals_rest(mut self) -> Info {
        self.steals_rest = true;
        self
    }

    /// May deopt with nothing done.
    pub(super) const fn guards(mut self) -> Info {
        self.deopt.reexecutes = true;
        self
    }

    /// May raise, runs no Python code.
    pub(super) const fn raises(mut self) -> Info {
        self.deopt.raises = true;
        self
    }

    /// May run Python code, but not raise.
    pub(super) const fn runs(mut self) -> Info {
        self.runs_python = true;
        self.reads = Heap::ANY;
        self.writes(Heap::MANAGED)
    }

    /// May run Python code, write anything and raise.
    pub(super) const fn python(self) -> Info {
        self.runs().raises()
    }

    pub(super) const fn terminator(mut self) -> Info {
        self.is_terminator = true;
        self.is_replayable = false;
        self
    }

    pub(super) const fn essential(mut self) -> Info {
        self.is_essential = true;
        self
    }

    pub(super) const fn same_operands(mut self) -> Info {
        self.same_operands = true;
        self
    }

    pub(super) const fn frame_state(mut self) -> Info {
        self.needs_frame_state = true;
        self
    }

    pub(super) const fn suspends(mut self) -> Info {
        self.needs_frame_state = true;
        self.steals_frame_state = true;
        self
    }
}
