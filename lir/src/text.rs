//! The text form, both ways: what `Display` writes, `parse` reads.
//!
//! ```text
//! fun name (area 2) {
//! bb0:
//!   %0, %1 = Arguments
//!   %2 = Load.32 [%0+%1*8+16] @12
//!   %3 = GuardAdd.64 no %2, 5 exit 7 (%0, 4, &symbol)
//!   %4 = Call &symbol, %3, vm safepoint 3 (%0)
//!   CompareJump.64 l %4, %3 -> bb1(%4), bb2
//! bb1 (%5) cold:
//!   Return %5
//! ...
//! }
//! ```
//!
//! `%1` is a value in an integer register and `%f1` one in a float register; `vm`, `frame` and `fp` are pinned registers, and `area` is
//! the memory in the stack frame. `@` is followed by the origin. After allocation the registers are the machine's, or `slot1`, `slotf1`.
//! With a table, symbols have names; without one, numbers. A `#` begins a comment.

mod cursor;
mod parse;
mod print;

pub use cursor::SyntaxError;
pub use parse::{parse, parse_with};
pub use print::{PrintedFunction, PrintedInstr, Remarks};
