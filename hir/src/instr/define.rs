//! The macro that turns the rows of the table into code.

macro_rules! define_instrs {
    ($(
        $(#[$doc:meta])*
        $Name:ident / $ctor:ident
            ( $($op:ident : $opty:expr),* $(; ..$rest:ident : $restty:expr)? )
            < $($imm:ident : $immty:ty),* >
            => $output:expr $(, $fact:ident($($fact_arg:expr)?))*;
    )*) => {
        /// One HIR instruction.
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Instr { $(
            $(#[$doc])* $Name { $($op: Value,)* $($rest: Values,)? $($imm: $immty,)* },
        )* }

        /// An instruction without its operands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Opcode { $($Name),* }

        const INFO: &[Info] = &[$(
            Info::new(stringify!($Name), &[$((stringify!($op), $opty)),*], rest!($($restty)?), $output)
                $(.$fact($($fact_arg)?))*,
        )*];

        impl Opcode {
            pub const ALL: &[Opcode] = &[$(Opcode::$Name),*];

            /// What the table says.
            pub const fn info(self) -> &'static Info {
                &INFO[self as usize]
            }

            pub(crate) fn from_name(name: &str) -> Option<Opcode> {
                match name { $(stringify!($Name) => Some(Opcode::$Name),)* _ => None }
            }

            /// The least instruction of the opcode, for tests that walk the table.
            #[cfg(test)]
            pub(crate) fn sample(self, pool: &mut Pool, value: &mut dyn FnMut() -> Value) -> Instr {
                match self { $(Opcode::$Name => {
                    $(let $op = value();)*
                    $(let $rest = { let values = [value(), value()]; pool.add_values(&values) };)?
                    $(let $imm = <$immty as Immediate>::sample(pool);)*
                    let _ = (&pool, &value);
                    Instr::$Name { $($op,)* $($rest,)? $($imm),* }
                })* }
            }
        }

        impl Instr {
            $( $(#[$doc])*
            pub const fn $ctor($($op: Value,)* $($rest: Values,)? $($imm: $immty),*) -> Instr {
                Instr::$Name { $($op,)* $($rest,)? $($imm),* }
            } )*

            pub const fn opcode(&self) -> Opcode {
                match self { $(Instr::$Name { .. } => Opcode::$Name),* }
            }

            pub fn for_each_operand(&self, pool: &Pool, visit: &mut dyn FnMut(Value)) {
                match self { $(Instr::$Name { $($op,)* $($rest,)? .. } => {
                    $(visit(*$op);)*
                    $(pool.values(*$rest).iter().copied().for_each(&mut *visit);)?
                })* }
                let _ = (pool, visit);
            }

            pub fn for_each_operand_mut(&mut self, pool: &mut Pool, visit: &mut dyn FnMut(&mut Value)) {
                match self { $(Instr::$Name { $($op,)* $($rest,)? .. } => {
                    $(visit($op);)*
                    $(pool.values_mut(*$rest).iter_mut().for_each(&mut *visit);)?
                })* }
                let _ = (pool, visit);
            }

            /// The blocks that may come next, in the order of the immediates.
            pub fn for_each_successor(&self, pool: &Pool, visit: &mut dyn FnMut(Block)) {
                match self { $(Instr::$Name { $($imm,)* .. } => { $($imm.blocks(pool, visit);)* })* }
                let _ = (pool, visit);
            }

            pub fn for_each_successor_mut(&mut self, pool: &mut Pool, visit: &mut dyn FnMut(&mut Block)) {
                match self { $(Instr::$Name { $($imm,)* .. } => { $($imm.blocks_mut(pool, visit);)* })* }
                let _ = (pool, visit);
            }

            /// The immediate that is a type, if there is one.
            pub fn type_immediate(&self) -> Option<TypeId> {
                match self { $(Instr::$Name { $($imm,)* .. } => None$(.or($imm.type_id()))*),* }
            }

            /// Copies the immediates into another function's pool; operands and blocks stay as they are.
            pub fn copy_immediates(&mut self, from: &Pool, to: &mut Pool) {
                match self { $(Instr::$Name { $($rest,)? $($imm,)* .. } => {
                    $(*$rest = to.add_values(from.values(*$rest));)?
                    $($imm.copy_to(from, to);)*
                })* }
                let _ = (from, to);
            }

            pub(crate) fn print_immediates(&self, pool: &Pool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Instr::$Name { $($imm,)* .. } => {
                    #[allow(unused_mut, reason = "some rows have no immediates")]
                    let mut immediates = Immediates::default();
                    $(immediates.item(pool, f, $imm)?;)*
                    let _ = pool;
                    immediates.finish(f)
                })* }
            }

            /// Reads what [`Instr::display`] writes.
            pub(crate) fn parse(cursor: &mut Cursor<'_>, pool: &mut Pool) -> Result<Instr, SyntaxError> {
                let name = cursor.word()?;
                let Some(opcode) = Opcode::from_name(name) else {
                    return Err(cursor.error(&format!("no instruction `{name}`")));
                };
                Ok(match opcode { $(Opcode::$Name => {
                    #[allow(unused_mut, reason = "some rows have no immediates")]
                    let mut immediates = Immediates::default();
                    $(let $imm = immediates.next::<$immty>(cursor, pool)?;)*
                    immediates.close(cursor)?;
                    $(let $op = Value::parse(cursor)?;)*
                    $(let $rest = Value::parse_all(cursor, pool)?;)?
                    Instr::$Name { $($op,)* $($rest,)? $($imm),* }
                })* })
            }
        }
    };
}
pub(super) use define_instrs;

macro_rules! rest {
    () => {
        None
    };
    ($ty:expr) => {
        Some($ty)
    };
}
pub(super) use rest;
