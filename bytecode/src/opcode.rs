//! Bytecode instructions, declared once.
//!
//! The names and meanings are CPython 3.14's, and so are the numbers, which `dis` and `opcode`
//! show; what differs is that operands are 32 bits wide and that jumps name the instruction they
//! go to. Numbering, names, operand kinds, stack effects and control flow all derive from the
//! table in [`for_each_opcode!`].

/// What an instruction's operand means, and therefore how it prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg {
    /// No operand; it is zero.
    None,
    /// A number of values, or a stack position.
    Count,
    /// Bits with a meaning of their own.
    Flags,
    /// An index into the constants.
    Const,
    /// An index into the names.
    Name,
    /// `name << 1 | method`
    Attr,
    /// `name << 1 | push null`
    Global,
    /// `name << 2 | two-argument super << 1 | method`
    SuperAttr,
    /// An index into the fast locals.
    Local,
    /// Two 16-bit indices into the fast locals.
    LocalPair,
    /// The index of an instruction.
    Jump,
    /// A small integer.
    Int,
    BinaryOp,
    Comparison,
    /// 0 or 1: whether the answer is negated.
    Invert,
    Conversion,
    Intrinsic1,
    Intrinsic2,
    CommonConstant,
    Special,
    FunctionAttribute,
    UnpackEx,
    Resume,
}

/// How many values an instruction pops or pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    Fixed(u32),
    /// The operand, plus a fixed number.
    Operand(u32),
    /// Twice the operand, plus a fixed number.
    Twice(u32),
    /// A fixed number, plus one if bit 0 of the operand is set.
    Method(u32),
    /// The same for `BUILD_INTERPOLATION`, whose bit 0 adds a popped value.
    Interpolation(u32),
    /// `UNPACK_EX`: the values before and after the starred one, plus a fixed number.
    UnpackEx(u32),
}

/// What the table says of an opcode.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// CPython's name, as `dis` prints it.
    pub name: &'static str,
    pub arg: Arg,
    pub pops: Depth,
    pub pushes: Depth,
    /// Whether the operand is the index of an instruction that may come next.
    pub jumps: bool,
    /// Whether the next instruction in line is never reached from this one.
    pub ends_block: bool,
}

impl Info {
    const fn new(name: &'static str, arg: Arg, pops: Depth, pushes: Depth) -> Info {
        Info { name, arg, pops, pushes, jumps: false, ends_block: false }
    }

    const fn jumps(mut self) -> Info {
        self.jumps = true;
        self
    }

    const fn ends_block(mut self) -> Info {
        self.ends_block = true;
        self
    }
}

/// Calls `$each!` with every row of the opcode table: name and number, CPython's name, operand
/// kind, values popped and pushed, flags.
#[macro_export]
macro_rules! for_each_opcode {
    ($each:ident) => {
        $each! {
            /// `container[start:stop]`.
            BinarySlice = 1, "BINARY_SLICE", None, Fixed(3) => Fixed(1);
            /// Makes a `Template` from a tuple of strings and a tuple of interpolations.
            BuildTemplate = 2, "BUILD_TEMPLATE", None, Fixed(2) => Fixed(1);
            /// Calls `callable, self or null, positional iterable, keyword mapping or null`.
            CallFunctionEx = 4, "CALL_FUNCTION_EX", None, Fixed(4) => Fixed(1);
            /// Splits an exception group: `group, type` to `rest, match` (`None` where empty).
            CheckEgMatch = 5, "CHECK_EG_MATCH", None, Fixed(2) => Fixed(2);
            /// Replaces the type on top with whether the exception below is an instance of it.
            CheckExcMatch = 6, "CHECK_EXC_MATCH", None, Fixed(2) => Fixed(2);
            /// After `throw()` into a `yield from`: turns `StopIteration` into its value, re-raises anything else.
            CleanupThrow = 7, "CLEANUP_THROW", None, Fixed(3) => Fixed(2);
            /// `del container[key]`.
            DeleteSubscr = 8, "DELETE_SUBSCR", None, Fixed(2) => Fixed(0);
            /// Removes the last value of an exhausted loop.
            EndFor = 9, "END_FOR", None, Fixed(1) => Fixed(0);
            /// Removes the receiver below the value.
            EndSend = 10, "END_SEND", None, Fixed(2) => Fixed(1);
            /// `format(value)`, nothing to do for a string.
            FormatSimple = 12, "FORMAT_SIMPLE", None, Fixed(1) => Fixed(1);
            /// `format(value, spec)`.
            FormatWithSpec = 13, "FORMAT_WITH_SPEC", None, Fixed(2) => Fixed(1);
            /// `value.__aiter__()`.
            GetAiter = 14, "GET_AITER", None, Fixed(1) => Fixed(1);
            /// Pushes the awaitable of `iterator.__anext__()`.
            GetAnext = 15, "GET_ANEXT", None, Fixed(1) => Fixed(2);
            /// `iter(value)`.
            GetIter = 16, "GET_ITER", None, Fixed(1) => Fixed(1);
            /// Pushes `len(value)`, keeping the value.
            GetLen = 18, "GET_LEN", None, Fixed(1) => Fixed(2);
            /// `iter(value)`, but a generator, or a coroutine where allowed, stays itself.
            GetYieldFromIter = 19, "GET_YIELD_FROM_ITER", None, Fixed(1) => Fixed(1);
            /// Leaves the evaluation loop with the value on top. Never in compiled code.
            InterpreterExit = 20, "INTERPRETER_EXIT", None, Fixed(1) => Fixed(0), ends_block();
            /// Pushes `builtins.__build_class__`.
            LoadBuildClass = 21, "LOAD_BUILD_CLASS", None, Fixed(0) => Fixed(1);
            /// Pushes the namespace of a module or class body.
            LoadLocals = 22, "LOAD_LOCALS", None, Fixed(0) => Fixed(1);
            /// Makes a function from a code object.
            MakeFunction = 23, "MAKE_FUNCTION", None, Fixed(1) => Fixed(1);
            /// `subject, keys` stay; pushes the tuple of values, or `None` if a key is missing.
            MatchKeys = 24, "MATCH_KEYS", None, Fixed(2) => Fixed(3);
            /// Pushes whether the value is a mapping to `match`.
            MatchMapping = 25, "MATCH_MAPPING", None, Fixed(1) => Fixed(2);
            /// Pushes whether the value is a sequence to `match`.
            MatchSequence = 26, "MATCH_SEQUENCE", None, Fixed(1) => Fixed(2);
            /// Does nothing; carries a line.
            Nop = 27, "NOP", None, Fixed(0) => Fixed(0);
            /// Marks the fall-through of a branch for monitoring.
            NotTaken = 28, "NOT_TAKEN", None, Fixed(0) => Fixed(0);
            /// Restores the exception that was being handled before.
            PopExcept = 29, "POP_EXCEPT", None, Fixed(1) => Fixed(0);
            /// Removes the iterator of a finished loop.
            PopIter = 30, "POP_ITER", None, Fixed(1) => Fixed(0);
            /// Removes the value on top.
            PopTop = 31, "POP_TOP", None, Fixed(1) => Fixed(0);
            /// Puts the exception handled so far below the new one, which becomes current.
            PushExcInfo = 32, "PUSH_EXC_INFO", None, Fixed(1) => Fixed(2);
            /// Pushes the null that marks a call without `self`.
            PushNull = 33, "PUSH_NULL", None, Fixed(0) => Fixed(1);
            /// Makes the generator, coroutine or async generator of this frame and returns it to the caller; when resumed, the sent value is on the stack.
            ReturnGenerator = 34, "RETURN_GENERATOR", None, Fixed(0) => Fixed(1);
            /// Returns the value on top.
            ReturnValue = 35, "RETURN_VALUE", None, Fixed(1) => Fixed(0), ends_block();
            /// Makes sure `__annotations__` exists in the namespace.
            SetupAnnotations = 36, "SETUP_ANNOTATIONS", None, Fixed(0) => Fixed(0);
            /// `container[start:stop] = value`; below: value, container, start, stop.
            StoreSlice = 37, "STORE_SLICE", None, Fixed(4) => Fixed(0);
            /// `container[key] = value`; below: value, container, key.
            StoreSubscr = 38, "STORE_SUBSCR", None, Fixed(3) => Fixed(0);
            /// `bool(value)`.
            ToBool = 39, "TO_BOOL", None, Fixed(1) => Fixed(1);
            /// `~value`.
            UnaryInvert = 40, "UNARY_INVERT", None, Fixed(1) => Fixed(1);
            /// `-value`.
            UnaryNegative = 41, "UNARY_NEGATIVE", None, Fixed(1) => Fixed(1);
            /// Negates a bool.
            UnaryNot = 42, "UNARY_NOT", None, Fixed(1) => Fixed(1);
            /// Calls `__exit__` with the exception; below: exit, self or null, lasti, previous exception, exception.
            WithExceptStart = 43, "WITH_EXCEPT_START", None, Fixed(5) => Fixed(6);
            /// A binary or in-place operator, or subscription: see [`BinaryOp`].
            BinaryOp = 44, "BINARY_OP", BinaryOp, Fixed(2) => Fixed(1);
            /// Makes an `Interpolation` from value, expression text and, if bit 0 is set, format spec; the conversion is `operand >> 2`.
            BuildInterpolation = 45, "BUILD_INTERPOLATION", Flags, Interpolation(2) => Fixed(1);
            /// Makes a list.
            BuildList = 46, "BUILD_LIST", Count, Operand(0) => Fixed(1);
            /// Makes a dict from key and value pairs.
            BuildMap = 47, "BUILD_MAP", Count, Twice(0) => Fixed(1);
            /// Makes a set.
            BuildSet = 48, "BUILD_SET", Count, Operand(0) => Fixed(1);
            /// Makes a slice from two or three values.
            BuildSlice = 49, "BUILD_SLICE", Count, Operand(0) => Fixed(1);
            /// Joins strings.
            BuildString = 50, "BUILD_STRING", Count, Operand(0) => Fixed(1);
            /// Makes a tuple.
            BuildTuple = 51, "BUILD_TUPLE", Count, Operand(0) => Fixed(1);
            /// Calls `callable, self or null, arguments...`.
            Call = 52, "CALL", Count, Operand(2) => Fixed(1);
            /// See [`Intrinsic1`].
            CallIntrinsic1 = 53, "CALL_INTRINSIC_1", Intrinsic1, Fixed(1) => Fixed(1);
            /// See [`Intrinsic2`].
            CallIntrinsic2 = 54, "CALL_INTRINSIC_2", Intrinsic2, Fixed(2) => Fixed(1);
            /// `CALL` with the tuple of keyword names on top; the operand counts keyword arguments too.
            CallKw = 55, "CALL_KW", Count, Operand(3) => Fixed(1);
            /// A rich comparison: see [`Comparison`]; with bit 4 set the result is converted to bool.
            CompareOp = 56, "COMPARE_OP", Comparison, Fixed(2) => Fixed(1);
            /// `value in container`, or `not in` if the operand is 1.
            ContainsOp = 57, "CONTAINS_OP", Invert, Fixed(2) => Fixed(1);
            /// `str`, `repr` or `ascii` of the value (operand 1, 2, 3).
            ConvertValue = 58, "CONVERT_VALUE", Conversion, Fixed(1) => Fixed(1);
            /// Pushes the n-th value from the top, counted from 1.
            Copy = 59, "COPY", Count, Operand(0) => Operand(1);
            /// Copies the function's closure into the frame.
            CopyFreeVars = 60, "COPY_FREE_VARS", Count, Fixed(0) => Fixed(0);
            /// `del owner.name`.
            DeleteAttr = 61, "DELETE_ATTR", Name, Fixed(1) => Fixed(0);
            /// Empties a cell.
            DeleteDeref = 62, "DELETE_DEREF", Local, Fixed(0) => Fixed(0);
            /// Unsets a local.
            DeleteFast = 63, "DELETE_FAST", Local, Fixed(0) => Fixed(0);
            /// Deletes a global.
            DeleteGlobal = 64, "DELETE_GLOBAL", Name, Fixed(0) => Fixed(0);
            /// Deletes a name of the namespace.
            DeleteName = 65, "DELETE_NAME", Name, Fixed(0) => Fixed(0);
            /// Merges the mapping on top into the dict n below, for a call: a key twice is an error that names the function.
            DictMerge = 66, "DICT_MERGE", Count, Fixed(1) => Fixed(0);
            /// Updates the dict n below with the mapping on top.
            DictUpdate = 67, "DICT_UPDATE", Count, Fixed(1) => Fixed(0);
            /// Ends an `async for` on `StopAsyncIteration`, re-raises anything else. Below: iterator, exception.
            EndAsyncFor = 68, "END_ASYNC_FOR", None, Fixed(2) => Fixed(0);
            /// Pushes the next value; when there is none jumps to its target, an `END_FOR`, skipping it, with the iterator still on the stack.
            ForIter = 70, "FOR_ITER", Jump, Fixed(1) => Fixed(2), jumps();
            /// The awaitable iterator of the value. Operand 1 and 2: the value comes from `__aenter__`, `__aexit__`.
            GetAwaitable = 71, "GET_AWAITABLE", Count, Fixed(1) => Fixed(1);
            /// Pushes an attribute or submodule of the module on top.
            ImportFrom = 72, "IMPORT_FROM", Name, Fixed(1) => Fixed(2);
            /// Imports a module; below: level, fromlist.
            ImportName = 73, "IMPORT_NAME", Name, Fixed(2) => Fixed(1);
            /// `is`, or `is not` if the operand is 1.
            IsOp = 74, "IS_OP", Invert, Fixed(2) => Fixed(1);
            /// Jumps back, letting signals and other threads in.
            JumpBackward = 75, "JUMP_BACKWARD", Jump, Fixed(0) => Fixed(0), jumps(), ends_block();
            /// Jumps back at once.
            JumpBackwardNoInterrupt = 76, "JUMP_BACKWARD_NO_INTERRUPT", Jump, Fixed(0) => Fixed(0), jumps(), ends_block();
            /// Jumps forward.
            JumpForward = 77, "JUMP_FORWARD", Jump, Fixed(0) => Fixed(0), jumps(), ends_block();
            /// Appends to the list n below.
            ListAppend = 78, "LIST_APPEND", Count, Fixed(1) => Fixed(0);
            /// Extends the list n below.
            ListExtend = 79, "LIST_EXTEND", Count, Fixed(1) => Fixed(0);
            /// `owner.name`; the name is `operand >> 1`. With bit 0 set pushes `method, self` or `value, null` for a `CALL`.
            LoadAttr = 80, "LOAD_ATTR", Attr, Fixed(1) => Method(1);
            /// See [`CommonConstant`].
            LoadCommonConstant = 81, "LOAD_COMMON_CONSTANT", CommonConstant, Fixed(0) => Fixed(1);
            /// Pushes a constant.
            LoadConst = 82, "LOAD_CONST", Const, Fixed(0) => Fixed(1);
            /// Pushes what a cell holds; raises if it is empty.
            LoadDeref = 83, "LOAD_DEREF", Local, Fixed(0) => Fixed(1);
            /// Pushes a local known to be set.
            LoadFast = 84, "LOAD_FAST", Local, Fixed(0) => Fixed(1);
            /// Pushes a local, or null if unset, and unsets it.
            LoadFastAndClear = 85, "LOAD_FAST_AND_CLEAR", Local, Fixed(0) => Fixed(1);
            /// `LOAD_FAST` of a local that outlives the value on the stack.
            LoadFastBorrow = 86, "LOAD_FAST_BORROW", Local, Fixed(0) => Fixed(1);
            /// Two `LOAD_FAST_BORROW`.
            LoadFastBorrowLoadFastBorrow = 87, "LOAD_FAST_BORROW_LOAD_FAST_BORROW", LocalPair, Fixed(0) => Fixed(2);
            /// Pushes a local; raises `UnboundLocalError` if it is unset.
            LoadFastCheck = 88, "LOAD_FAST_CHECK", Local, Fixed(0) => Fixed(1);
            /// Two `LOAD_FAST`; the first local is the high half of the operand.
            LoadFastLoadFast = 89, "LOAD_FAST_LOAD_FAST", LocalPair, Fixed(0) => Fixed(2);
            /// Looks a name up in the mapping on top, else in a cell.
            LoadFromDictOrDeref = 90, "LOAD_FROM_DICT_OR_DEREF", Local, Fixed(1) => Fixed(1);
            /// Looks a name up in the mapping on top, else in globals and builtins.
            LoadFromDictOrGlobals = 91, "LOAD_FROM_DICT_OR_GLOBALS", Name, Fixed(1) => Fixed(1);
            /// A global or builtin; the name is `operand >> 1`; with bit 0 set a null follows, for a `CALL`.
            LoadGlobal = 92, "LOAD_GLOBAL", Global, Fixed(0) => Method(1);
            /// Looks a name up in locals, globals, builtins.
            LoadName = 93, "LOAD_NAME", Name, Fixed(0) => Fixed(1);
            /// Pushes the operand as an int.
            LoadSmallInt = 94, "LOAD_SMALL_INT", Int, Fixed(0) => Fixed(1);
            /// Pushes `method, self` of a special method looked up on the type: see [`SpecialMethod`].
            LoadSpecial = 95, "LOAD_SPECIAL", Special, Fixed(1) => Fixed(2);
            /// `super().name` without making the object; below: super, class, self. The name is `operand >> 2`, bit 0 as in `LOAD_ATTR`, bit 1: `super` was called with two arguments.
            LoadSuperAttr = 96, "LOAD_SUPER_ATTR", SuperAttr, Fixed(3) => Method(1);
            /// Replaces a local by a cell that holds it.
            MakeCell = 97, "MAKE_CELL", Local, Fixed(0) => Fixed(0);
            /// Stores `key, value` in the dict n below.
            MapAdd = 98, "MAP_ADD", Count, Fixed(2) => Fixed(0);
            /// Below: subject, class, keyword names; the operand counts positional patterns. Pushes the tuple of attributes or `None`.
            MatchClass = 99, "MATCH_CLASS", Count, Fixed(3) => Fixed(1);
            /// Jumps when the bool on top is false.
            PopJumpIfFalse = 100, "POP_JUMP_IF_FALSE", Jump, Fixed(1) => Fixed(0), jumps();
            /// Jumps when the value is `None`.
            PopJumpIfNone = 101, "POP_JUMP_IF_NONE", Jump, Fixed(1) => Fixed(0), jumps();
            /// Jumps when the value is not `None`.
            PopJumpIfNotNone = 102, "POP_JUMP_IF_NOT_NONE", Jump, Fixed(1) => Fixed(0), jumps();
            /// Jumps when the bool on top is true.
            PopJumpIfTrue = 103, "POP_JUMP_IF_TRUE", Jump, Fixed(1) => Fixed(0), jumps();
            /// `raise`, `raise exception`, `raise exception from cause`.
            RaiseVarargs = 104, "RAISE_VARARGS", Count, Operand(0) => Fixed(0), ends_block();
            /// Raises the exception on top again; a non-zero operand says how far below the index of the instruction to blame lies.
            Reraise = 105, "RERAISE", Count, Fixed(1) => Fixed(0), ends_block();
            /// Sends the value to the receiver below and replaces it with what that yields; on return jumps with the result.
            Send = 106, "SEND", Jump, Fixed(2) => Fixed(2), jumps();
            /// Adds to the set n below.
            SetAdd = 107, "SET_ADD", Count, Fixed(1) => Fixed(0);
            /// Sets an attribute of the function on top to the value below: see [`FunctionAttribute`].
            SetFunctionAttribute = 108, "SET_FUNCTION_ATTRIBUTE", FunctionAttribute, Fixed(2) => Fixed(1);
            /// Updates the set n below.
            SetUpdate = 109, "SET_UPDATE", Count, Fixed(1) => Fixed(0);
            /// `owner.name = value`; below: value, owner.
            StoreAttr = 110, "STORE_ATTR", Name, Fixed(2) => Fixed(0);
            /// Stores in a cell.
            StoreDeref = 111, "STORE_DEREF", Local, Fixed(1) => Fixed(0);
            /// Stores in a local.
            StoreFast = 112, "STORE_FAST", Local, Fixed(1) => Fixed(0);
            /// `STORE_FAST` of the first local, `LOAD_FAST` of the second.
            StoreFastLoadFast = 113, "STORE_FAST_LOAD_FAST", LocalPair, Fixed(1) => Fixed(1);
            /// Two `STORE_FAST`.
            StoreFastStoreFast = 114, "STORE_FAST_STORE_FAST", LocalPair, Fixed(2) => Fixed(0);
            /// Stores a global.
            StoreGlobal = 115, "STORE_GLOBAL", Name, Fixed(1) => Fixed(0);
            /// Stores a name in the namespace.
            StoreName = 116, "STORE_NAME", Name, Fixed(1) => Fixed(0);
            /// Swaps the value on top with the n-th, counted from 1.
            Swap = 117, "SWAP", Count, Operand(0) => Operand(0);
            /// Unpacks with a starred target: `operand & 0xff` before it, `operand >> 8` after.
            UnpackEx = 118, "UNPACK_EX", UnpackEx, Fixed(1) => UnpackEx(1);
            /// Unpacks into n values, the first on top.
            UnpackSequence = 119, "UNPACK_SEQUENCE", Count, Fixed(1) => Operand(0);
            /// Yields the value on top; what is sent replaces it. Operand 1: part of a `yield from` or `await`.
            YieldValue = 120, "YIELD_VALUE", Count, Fixed(1) => Fixed(1);
            /// Start of a function (0), after `yield` (1), `yield from` (2), `await` (3): signals, threads, tracing.
            Resume = 128, "RESUME", Resume, Fixed(0) => Fixed(0);
        }
    };
}

macro_rules! define_opcodes {
    ($(
        $(#[$doc:meta])*
        $Name:ident = $number:literal, $text:literal, $arg:ident, $pops:ident($popn:literal) => $pushes:ident($pushn:literal)
            $(, $flag:ident())*;
    )*) => {
        /// An operation of the virtual machine.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Opcode { $( $(#[$doc])* $Name = $number, )* }

        impl Opcode {
            /// All opcodes, in the order of the table.
            pub const ALL: &[Opcode] = &[$(Opcode::$Name),*];

            pub const fn from_u8(byte: u8) -> Option<Opcode> {
                match byte { $($number => Some(Opcode::$Name),)* _ => None }
            }

            /// The opcode with CPython's name `name`.
            pub fn from_name(name: &str) -> Option<Opcode> {
                match name { $($text => Some(Opcode::$Name),)* _ => None }
            }

            #[inline]
            pub const fn info(self) -> &'static Info {
                &INFOS[self as usize]
            }
        }

        /// What there is to know of each opcode, by its number.
        static INFOS: [Info; 256] = {
            let mut infos = [const { Info::new("", Arg::None, Depth::Fixed(0), Depth::Fixed(0)) }; 256];
            $(
                infos[$number] = Info::new($text, Arg::$arg, Depth::$pops($popn), Depth::$pushes($pushn))$(.$flag())*;
            )*
            infos
        };
    };
}
for_each_opcode!(define_opcodes);

impl Opcode {
    /// CPython's name.
    pub const fn name(self) -> &'static str {
        self.info().name
    }
}

impl Depth {
    /// The number of values for a given operand.
    pub const fn at(self, operand: u32) -> u32 {
        match self {
            Depth::Fixed(n) => n,
            Depth::Operand(n) => n + operand,
            Depth::Twice(n) => n + 2 * operand,
            Depth::Method(n) | Depth::Interpolation(n) => n + (operand & 1),
            Depth::UnpackEx(n) => n + (operand & 0xff) + (operand >> 8),
        }
    }
}

macro_rules! define_operands {
    ($( $(#[$doc:meta])* $Enum:ident { $( $Name:ident = $number:literal, $text:literal; )* } )*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $Enum { $($Name = $number,)* }

        impl $Enum {
            pub const ALL: &[$Enum] = &[$($Enum::$Name),*];

            pub const fn from_u32(number: u32) -> Option<$Enum> {
                match number { $($number => Some($Enum::$Name),)* _ => None }
            }

            /// As `dis` prints it.
            pub const fn text(self) -> &'static str {
                match self { $($Enum::$Name => $text),* }
            }
        }
    )* };
}

define_operands! {
    /// The operand of `BINARY_OP`.
    BinaryOp {
        Add = 0, "+"; And = 1, "&"; FloorDivide = 2, "//"; LeftShift = 3, "<<"; MatrixMultiply = 4, "@";
        Multiply = 5, "*"; Remainder = 6, "%"; Or = 7, "|"; Power = 8, "**"; RightShift = 9, ">>";
        Subtract = 10, "-"; TrueDivide = 11, "/"; Xor = 12, "^";
        InplaceAdd = 13, "+="; InplaceAnd = 14, "&="; InplaceFloorDivide = 15, "//="; InplaceLeftShift = 16, "<<=";
        InplaceMatrixMultiply = 17, "@="; InplaceMultiply = 18, "*="; InplaceRemainder = 19, "%="; InplaceOr = 20, "|=";
        InplacePower = 21, "**="; InplaceRightShift = 22, ">>="; InplaceSubtract = 23, "-="; InplaceTrueDivide = 24, "/=";
        InplaceXor = 25, "^="; Subscript = 26, "[]";
    }
    /// The operand of `COMPARE_OP`, in its low four bits.
    Comparison {
        Less = 0, "<"; LessEqual = 1, "<="; Equal = 2, "=="; NotEqual = 3, "!="; Greater = 4, ">"; GreaterEqual = 5, ">=";
    }
    /// The operand of `CALL_INTRINSIC_1`.
    Intrinsic1 {
        Print = 1, "INTRINSIC_PRINT"; ImportStar = 2, "INTRINSIC_IMPORT_STAR";
        StopIterationError = 3, "INTRINSIC_STOPITERATION_ERROR"; AsyncGenWrap = 4, "INTRINSIC_ASYNC_GEN_WRAP";
        UnaryPositive = 5, "INTRINSIC_UNARY_POSITIVE"; ListToTuple = 6, "INTRINSIC_LIST_TO_TUPLE";
        TypeVar = 7, "INTRINSIC_TYPEVAR"; ParamSpec = 8, "INTRINSIC_PARAMSPEC"; TypeVarTuple = 9, "INTRINSIC_TYPEVARTUPLE";
        SubscriptGeneric = 10, "INTRINSIC_SUBSCRIPT_GENERIC"; TypeAlias = 11, "INTRINSIC_TYPEALIAS";
    }
    /// The operand of `CALL_INTRINSIC_2`.
    Intrinsic2 {
        PrepReraiseStar = 1, "INTRINSIC_PREP_RERAISE_STAR"; TypeVarWithBound = 2, "INTRINSIC_TYPEVAR_WITH_BOUND";
        TypeVarWithConstraints = 3, "INTRINSIC_TYPEVAR_WITH_CONSTRAINTS";
        SetFunctionTypeParams = 4, "INTRINSIC_SET_FUNCTION_TYPE_PARAMS"; SetTypeParamDefault = 5, "INTRINSIC_SET_TYPEPARAM_DEFAULT";
    }
    /// The operand of `LOAD_COMMON_CONSTANT`.
    CommonConstant {
        AssertionError = 0, "AssertionError"; NotImplementedError = 1, "NotImplementedError"; Tuple = 2, "tuple"; All = 3, "all"; Any = 4, "any";
    }
    /// The operand of `LOAD_SPECIAL`.
    SpecialMethod {
        Enter = 0, "__enter__"; Exit = 1, "__exit__"; AsyncEnter = 2, "__aenter__"; AsyncExit = 3, "__aexit__";
    }
    /// The operand of `SET_FUNCTION_ATTRIBUTE`.
    FunctionAttribute {
        Defaults = 1, "defaults"; KeywordDefaults = 2, "kwdefaults"; Annotations = 4, "annotations"; Closure = 8, "closure"; Annotate = 16, "annotate";
    }
}

impl BinaryOp {
    /// The plain operator of an in-place one; other operators are themselves.
    pub const fn without_inplace(self) -> BinaryOp {
        let number = self as u32;
        match BinaryOp::from_u32(if number >= 13 && number < 26 { number - 13 } else { number }) {
            Some(op) => op,
            None => self,
        }
    }

    pub const fn is_inplace(self) -> bool {
        let number = self as u32;
        number >= 13 && number < 26
    }

    /// The names of the operator's methods: the left operand's, the right operand's, and the left operand's for the in-place form. (`**` has a third operand,
    /// a subscript no right one's.)
    pub const fn method_names(self) -> Option<[&'static str; 3]> {
        Some(match self.without_inplace() {
            BinaryOp::Add => ["__add__", "__radd__", "__iadd__"],
            BinaryOp::Subtract => ["__sub__", "__rsub__", "__isub__"],
            BinaryOp::Multiply => ["__mul__", "__rmul__", "__imul__"],
            BinaryOp::TrueDivide => ["__truediv__", "__rtruediv__", "__itruediv__"],
            BinaryOp::FloorDivide => ["__floordiv__", "__rfloordiv__", "__ifloordiv__"],
            BinaryOp::Remainder => ["__mod__", "__rmod__", "__imod__"],
            BinaryOp::MatrixMultiply => ["__matmul__", "__rmatmul__", "__imatmul__"],
            BinaryOp::And => ["__and__", "__rand__", "__iand__"],
            BinaryOp::Or => ["__or__", "__ror__", "__ior__"],
            BinaryOp::Xor => ["__xor__", "__rxor__", "__ixor__"],
            BinaryOp::LeftShift => ["__lshift__", "__rlshift__", "__ilshift__"],
            BinaryOp::RightShift => ["__rshift__", "__rrshift__", "__irshift__"],
            _ => return None,
        })
    }
}

impl Comparison {
    /// The name of the comparison's method.
    pub const fn method_name(self) -> &'static str {
        match self {
            Comparison::Less => "__lt__",
            Comparison::LessEqual => "__le__",
            Comparison::Greater => "__gt__",
            Comparison::GreaterEqual => "__ge__",
            Comparison::Equal => "__eq__",
            Comparison::NotEqual => "__ne__",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_round_trip() {
        for &opcode in Opcode::ALL {
            assert_eq!(Opcode::from_u8(opcode as u8), Some(opcode));
            assert_eq!(Opcode::from_name(opcode.name()), Some(opcode));
        }
    }

    #[test]
    fn call_depth_depends_on_its_operand() {
        assert_eq!(Opcode::Call.info().pops.at(3), 5);
        assert_eq!(Opcode::LoadAttr.info().pushes.at(1), 2);
        assert_eq!(Opcode::UnpackEx.info().pushes.at(2 | 3 << 8), 6);
    }
}
