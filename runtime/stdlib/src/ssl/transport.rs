//! Moving bytes between a connection and its socket or its `MemoryBIO`s.

use super::config::option;
use super::connection::Trouble;
use super::context::context;
use super::error;
use super::memory_bio::MemoryBio;
use super::socket::{Operation, SslSocket, own};
use crate::socket::{Socket, sys};
use crate::sys::Memory;
use object::weak::WeakReference;
use object::{Object, PyResult, Raised, Ref, Vm, exception};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What an attempt to read came to.
#[derive(PartialEq, Eq)]
pub enum Input {
    Some,
    End,
}

/// Sees to it that one thread at a time sends, and one receives. Taken only while the global lock is not held.
#[derive(Default)]
pub struct Lock(Arc<Mutex<()>>);

impl Lock {
    /// Runs `f` alone, and without the global lock.
    fn alone<T>(&self, vm: &mut Vm, f: impl FnOnce() -> T) -> T {
        let lock = self.0.clone();
        vm.allow_threads(move || {
            let _guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
            f()
        })
    }
}

/// When an operation on a socket with a timeout is to be over.
pub fn deadline(vm: &mut Vm, this: &SslSocket) -> PyResult<Option<Instant>> {
    let Some(socket) = socket(vm, this)? else { return Ok(None) };
    let timeout = timeout_of(&socket);
    Ok(timeout.filter(|timeout| !timeout.is_zero()).and_then(|timeout| Instant::now().checked_add(timeout)))
}

/// The socket below; `None`: there are `MemoryBIO`s.
pub fn socket(vm: &mut Vm, this: &SslSocket) -> PyResult<Option<Object>> {
    let Some(reference) = this.socket.get() else { return Ok(None) };
    match reference.borrow().downcast::<WeakReference>().and_then(|reference| reference.target()) {
        Some(socket) => Ok(Some(socket)),
        None => Err(error::raise_text(vm, "Underlying socket connection gone", error::line::HANDSHAKE)),
    }
}

fn fd_of(socket: &Object) -> i32 {
    socket.borrow().downcast::<Socket>().map_or(-1, |socket| socket.descriptor())
}

fn timeout_of(socket: &Object) -> Option<Duration> {
    socket.borrow().downcast::<Socket>().and_then(|socket| socket.timeout())
}

fn timed_out(vm: &mut Vm, operation: Operation, writing: bool) -> Raised {
    let message = match (operation, writing) {
        (Operation::Handshake, _) => "_ssl.c:1112: The handshake operation timed out",
        (_, true) => "The write operation timed out",
        (_, false) => "The read operation timed out",
    };
    vm.raise(&exception::TIMEOUT_ERROR, message)
}

/// Waits for the socket, after a call that would have blocked.
fn wait(vm: &mut Vm, socket: &Object, operation: Operation, writing: bool, deadline: Option<Instant>) -> PyResult<()> {
    let Some(deadline) = deadline else {
        // A non-blocking socket; or one that has become one.
        let line = operation.line();
        return Err(if writing { error::raise_want_write(vm, line) } else { error::raise_want_read(vm, line) });
    };
    let fd = fd_of(socket);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = i32::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX);
        match vm.allow_threads(|| sys::wait_ready(fd, writing, left)) {
            Ok(true) => return Ok(()),
            Ok(false) => return Err(timed_out(vm, operation, writing)),
            Err(libc::EINTR) => vm.run_signal_handlers()?,
            Err(code) => return Err(crate::socket::raise_os(vm, code)),
        }
    }
}

/// Sends what the connection has to send.
pub fn transmit(vm: &mut Vm, this: Ref<'_>, operation: Operation, deadline: Option<Instant>) -> PyResult<()> {
    let ssl = own(this);
    tell(vm, this)?;
    if let Some(bio) = ssl.outgoing.get() {
        let data = std::mem::take(&mut ssl.state.get_mut(vm).connection.outgoing);
        if let Some(bio) = bio.borrow().downcast::<MemoryBio>() {
            bio.put(vm, &data);
        }
        return Ok(());
    }
    while !ssl.state.get(vm).connection.outgoing.is_empty() {
        let Some(socket) = socket(vm, ssl)? else { return Ok(()) };
        let fd = fd_of(&socket);
        let data = std::mem::take(&mut ssl.state.get_mut(vm).connection.outgoing);
        let sent = ssl.sending.alone(vm, || sys::send(fd, Memory::of_slice(&data), libc::MSG_NOSIGNAL));
        let n = *sent.as_ref().unwrap_or(&0);
        if n < data.len() {
            let outgoing = &mut ssl.state.get_mut(vm).connection.outgoing;
            outgoing.splice(..0, data[n..].iter().copied());
        }
        match sent {
            Ok(_) => {}
            Err(libc::EINTR) => vm.run_signal_handlers()?,
            Err(libc::EAGAIN) => wait(vm, &socket, operation, true, deadline)?,
            Err(code) => return Err(crate::socket::raise_os(vm, code)),
        }
    }
    Ok(())
}

/// Reads from the socket or the `MemoryBIO`, at most as much as the connection wants. Empty: the end.
fn receive(vm: &mut Vm, this: &SslSocket, operation: Operation, deadline: Option<Instant>) -> PyResult<Vec<u8>> {
    let wanted = this.state.get(vm).connection.wanted();
    if let Some(bio) = this.incoming.get() {
        let Some(bio) = bio.borrow().downcast::<MemoryBio>().map(|bio| bio.to_owned()) else { return Ok(Vec::new()) };
        let data = bio.borrow().take(vm, wanted);
        if data.is_empty() && !bio.borrow().is_at_end(vm) {
            return Err(error::raise_want_read(vm, operation.line()));
        }
        return Ok(data);
    }
    loop {
        let Some(socket) = socket(vm, this)? else { return Ok(Vec::new()) };
        let fd = fd_of(&socket);
        let mut data = vec![0; wanted];
        match this.receiving.alone(vm, || sys::recv(fd, Memory::of_slice_mut(&mut data), 0)) {
            Ok(n) => {
                data.truncate(n);
                return Ok(data);
            }
            Err(libc::EINTR) => vm.run_signal_handlers()?,
            Err(libc::EAGAIN) => wait(vm, &socket, operation, false, deadline)?,
            Err(code) => return Err(crate::socket::raise_os(vm, code)),
        }
    }
}

/// Reads and takes in one piece; sends what comes of it.
pub fn pump(vm: &mut Vm, this: Ref<'_>, operation: Operation, deadline: Option<Instant>) -> PyResult<Input> {
    let ssl = own(this);
    let data = receive(vm, ssl, operation, deadline)?;
    if data.is_empty() {
        return Ok(Input::End);
    }
    let expected = ssl.expectation(vm);
    let result = match ssl.state.get_mut(vm).connection.feed(&data, &expected) {
        Ok(None) => Ok(()),
        Ok(Some(accepted)) => super::socket::decide(vm, this, accepted)?,
        Err(trouble) => Err(trouble),
    };
    let sent = transmit(vm, this, operation, deadline);
    match result {
        Ok(()) => sent.map(|()| Input::Some),
        Err(trouble) => {
            // The failure matters more than that the alert did not get through.
            if let Err(raised) = sent {
                vm.catch(raised);
            }
            Err(raise_trouble(vm, &trouble, operation))
        }
    }
}

pub fn raise_trouble(vm: &mut Vm, trouble: &Trouble, operation: Operation) -> Raised {
    match trouble {
        Trouble::Failure(failure) => error::raise(vm, failure, operation.line()),
        Trouble::Refusal(refusal) => error::raise_refusal(vm, refusal, operation.line()),
    }
}

/// Whether the peer's going away without a word is as good as a proper end.
pub fn ignores_end(vm: &Vm, this: &SslSocket) -> bool {
    this.context.borrow(vm).is_some_and(|holder| context(holder).settings.get(vm).options & option::IGNORE_UNEXPECTED_EOF != 0)
}

/// Tells the message callback of what has passed.
fn tell(vm: &mut Vm, this: Ref<'_>) -> PyResult<()> {
    let ssl = own(this);
    let messages = std::mem::take(&mut ssl.state.get_mut(vm).connection.transcript.watched);
    if messages.is_empty() {
        return Ok(());
    }
    let callback = ssl.context.get().and_then(|holder| context(holder.borrow()).message_callback.get());
    let Some(callback) = callback else { return Ok(()) };
    let owner = ssl.owner_object().unwrap_or_else(|| this.to_owned());
    for message in messages {
        let direction = vm.new_str(if message.is_write { "write" } else { "read" }).into_object();
        let numbers = [message.version, message.content_type, message.message_type].map(|number| vm.new_int(number));
        let data = vm.new_bytes(&message.data).into_object();
        let args = [owner.borrow(), direction.borrow(), numbers[0].borrow(), numbers[1].borrow(), numbers[2].borrow(), data.borrow()];
        vm.call(callback.borrow(), &args)?;
    }
    Ok(())
}
