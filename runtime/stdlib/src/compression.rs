//! What the modules of compressors share: running a coder over input while its output grows, and the input a
//! decompressor keeps until it is asked for more.

use object::exception;
use object::{Object, PyResult, Ref, Vm, VmCell};

const CHUNK: usize = 16 << 10;

/// What one step of a coder did.
pub struct Step {
    /// Bytes of input it took.
    pub used: usize,
    /// Bytes of output it made.
    pub written: usize,
    /// Whether the stream is complete.
    pub ended: bool,
}

/// What a run over some input came to.
pub struct Done {
    pub used: usize,
    pub ended: bool,
    /// Whether it stopped because there was no more room for output.
    pub full: bool,
}

/// Runs steps until the input, the stream or the room for output ends.
pub fn run<E>(input: &[u8], most: usize, out: &mut Vec<u8>, step: &mut dyn FnMut(&[u8], &mut [u8]) -> Result<Step, E>) -> Result<Done, E> {
    let mut used = 0;
    loop {
        let start = out.len();
        let room = (most - start).min(CHUNK.max(start));
        out.resize(start + room, 0);
        let result = step(&input[used..], &mut out[start..]);
        out.truncate(start + result.as_ref().map_or(0, |step| step.written));
        let step = result?;
        used += step.used;
        if step.ended {
            return Ok(Done { used, ended: true, full: false });
        }
        if out.len() >= most {
            return Ok(Done { used, ended: false, full: true });
        }
        let is_stuck = step.used == 0 && step.written == 0;
        if step.written < room && (used == input.len() || is_stuck) {
            return Ok(Done { used, ended: false, full: false });
        }
    }
}

/// What a decompressor keeps between calls.
pub struct Progress {
    state: VmCell<State>,
}

struct State {
    pending: Vec<u8>,
    unused: Vec<u8>,
    ended: bool,
    needs_input: bool,
}

impl Default for Progress {
    fn default() -> Progress {
        Progress { state: VmCell::new(State { pending: Vec::new(), unused: Vec::new(), ended: false, needs_input: true }) }
    }
}

impl Progress {
    /// `eof`
    pub fn ended(&self, vm: &Vm) -> Object {
        Object::bool(self.state.get(vm).ended)
    }

    /// `needs_input`
    pub fn needs_input(&self, vm: &Vm) -> Object {
        Object::bool(self.state.get(vm).needs_input)
    }

    /// `unused_data`
    pub fn unused_data(&self, vm: &Vm) -> Object {
        vm.new_bytes(&self.state.get(vm).unused).into_object()
    }

    /// What is to be decompressed now; `EOFError` with this message at the end of the stream.
    pub fn take_input(&self, vm: &mut Vm, data: Ref<'_>, at_end: &str) -> PyResult<Vec<u8>> {
        let data = vm.buffer(data)?;
        if self.state.get(vm).ended {
            return Err(vm.raise(&exception::EOF_ERROR, at_end));
        }
        let mut input = std::mem::take(&mut self.state.get_mut(vm).pending);
        input.extend_from_slice(data.bytes(vm));
        Ok(input)
    }

    /// Notes that no input would help.
    pub fn fail(&self, vm: &mut Vm) {
        self.state.get_mut(vm).needs_input = false;
    }

    /// Keeps what a run has left of its input. Some coders can have output to give when all input is used.
    pub fn keep_rest(&self, vm: &mut Vm, mut input: Vec<u8>, done: &Done, holds_output: bool) {
        let rest = input.split_off(done.used);
        let state = self.state.get_mut(vm);
        state.ended = done.ended;
        state.needs_input = !done.ended && rest.is_empty() && !(done.full && holds_output);
        if done.ended {
            state.unused = rest;
        } else {
            state.pending = rest;
        }
    }
}

/// `max_length`: negative is no limit.
pub fn limit(vm: &mut Vm, most: Option<Ref<'_>>) -> PyResult<usize> {
    let most = most.map_or(Ok(-1), |most| vm.index_isize(most))?;
    Ok(usize::try_from(most).unwrap_or(usize::MAX))
}
