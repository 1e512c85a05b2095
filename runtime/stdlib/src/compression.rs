//! What the modules of compressors share: running a coder over input while its output grows, the object that
//! compresses, and the input a decompressor keeps until it is asked for more.

use object::exception;
use object::native::{Getset, Member};
use object::{Object, Payload, PyResult, Raised, Ref, Vm, VmCell};

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

impl Step {
    /// From what a coder had read and written in all before the step and after it.
    pub fn between(before: (u64, u64), after: (u64, u64), ended: bool) -> Step {
        Step { used: (after.0 - before.0) as usize, written: (after.1 - before.1) as usize, ended }
    }
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

/// A library's stream that compresses.
pub trait Coder {
    type Error;

    /// Compresses some of the input; with `finish`, ends the stream.
    fn step(&mut self, input: &[u8], out: &mut [u8], finish: bool) -> Result<Step, Self::Error>;

    /// Raises what an error of the library means.
    fn raise(vm: &mut Vm, error: Self::Error) -> Raised;
}

/// The payload of a compressor: `None` once flushed.
pub struct Compressor<C> {
    coder: VmCell<Option<C>>,
}

impl<C: Coder> Compressor<C> {
    pub fn new(coder: C) -> Compressor<C> {
        Compressor { coder: VmCell::new(Some(coder)) }
    }

    /// `compress(data)`
    pub fn compress(&self, vm: &mut Vm, data: Ref<'_>) -> PyResult {
        let data = vm.buffer(data)?;
        let Some(mut coder) = self.coder.replace(vm, None) else {
            return Err(vm.value_error("Compressor has been flushed"));
        };
        let packed = pack(vm, &mut coder, data.bytes(vm), false);
        self.coder.set(vm, Some(coder));
        packed.map_err(|error| C::raise(vm, error))
    }

    /// `flush()`
    pub fn flush(&self, vm: &mut Vm) -> PyResult {
        let Some(mut coder) = self.coder.replace(vm, None) else {
            return Err(vm.value_error("Repeated call to flush()"));
        };
        pack(vm, &mut coder, &[], true).map_err(|error| C::raise(vm, error))
    }
}

fn pack<C: Coder>(vm: &Vm, coder: &mut C, input: &[u8], finish: bool) -> Result<Object, C::Error> {
    let mut out = Vec::new();
    run(input, usize::MAX, &mut out, &mut |input, out| coder.step(input, out, finish))?;
    Ok(vm.new_bytes(&out).into_object())
}

/// A decompressor, whose progress its attributes show.
pub trait Decompressor: Payload + Sized {
    fn progress(&self) -> &Progress;

    /// `eof`
    const EOF: Member = Member(Getset::readonly("eof", "True if the end-of-stream marker has been reached.", |vm, this| {
        Ok(Object::bool(progress_of::<Self>(this).state.get(vm).ended))
    }));

    /// `needs_input`
    const NEEDS_INPUT: Member =
        Member(Getset::readonly("needs_input", "True if more input is needed before more decompressed data can be produced.", |vm, this| {
            Ok(Object::bool(progress_of::<Self>(this).state.get(vm).needs_input))
        }));

    /// `unused_data`
    const UNUSED_DATA: Member = Member(Getset::readonly("unused_data", "Data found after the end of the compressed stream.", |vm, this| {
        Ok(vm.new_bytes(&progress_of::<Self>(this).state.get(vm).unused).into_object())
    }));
}

fn progress_of<D: Decompressor>(this: Ref<'_>) -> &Progress {
    this.downcast::<D>().expect("the attribute belongs to the type").get().progress()
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
