//! HIR as text becomes machine code, which runs on values: what it gives, and what the interpreter gets where it leaves.

mod inlined;
mod leaving;
mod machine;
mod sites;
mod values;
