//! Tests of the finished program, as a user meets it: one binary for all of them.

mod bad_input;
mod cinder;
mod command_line;
mod fork_memory;
mod jit;
mod leaks;
mod mutations;
mod programs;
mod run;
mod start_up_memory;
mod walk;
