//! The command: arguments and environment, what to run, process exit.

mod arguments;
mod closed_streams;
mod dump;
mod home;
mod run;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Deep Python programs need more native stack than a main thread has.
    let python = std::thread::Builder::new().name("main".into()).stack_size(runtime::STACK_SIZE).spawn(run::main);
    // Signals are for the thread that runs Python, which they are to wake up.
    stdlib::signal::handler::block_all();
    match python.map(std::thread::JoinHandle::join) {
        Ok(Ok(status)) => status,
        Ok(Err(_)) => ExitCode::from(70),
        Err(error) => {
            eprintln!("scoria: no thread to run on: {error}");
            ExitCode::FAILURE
        }
    }
}
