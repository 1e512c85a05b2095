//! Functions as text, both ways: `Display` prints, [`parse`] reads back what was printed.
//!
//! ```text
//! fun module:name {
//!   bb 0 {
//!     EntrySwitch<start: 1>
//!   }
//!   bb 1 (preds 0) {
//!     v2:Object = LoadArg<0, "x", Object>
//!     v3:Object = BinaryOp<Add> v2 v2 fs0
//!     Return v3
//!   }
//!   fs 0 = code 0 at 2 locals(v2, _) stack(v2, v2) pops 2 covered
//!   fs 1 = code 1 at 7 locals() stack(v2) parent fs0
//! }
//! ```
//!
//! The format is Cinder's, with types between `<` and `>` in full and frame states in a list behind the blocks, since instructions share them. A
//! deopting instruction names its frame state; once references are counted, `[o:v2, b:v3, u:v4]` follows: what is live, and who owns it.
//! `_` is null: unset, or dead. A semicolon begins a comment, which goes to the end of the line.

mod cursor;
mod parse;
mod print;

pub use cursor::{Cursor, SyntaxError};
pub use parse::parse;
pub use print::{Annotated, Remarked, Remarks};

pub(crate) use cursor::write_quoted;
