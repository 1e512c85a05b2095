//! Executes what the builder makes, for a little of Python: ints, floats, strings, lists, tuples, ranges, functions, exceptions.
//!
//! Where compiled code is left, the code is built once more, without feedback and with an entry at the bytecode instruction of the frame state, or
//! at the handler that the exception table names; it goes on there with what the frame state says. So a wrong state gives a wrong result.

use bytecode::opcode::BinaryOp;
use bytecode::verify::entry_at;
use bytecode::{Code, CodeFlags, Constant, Opcode};
use hir::builder::{Options, build};
use hir::instr::{Condition, DoubleKind, DoubleUnaryKind, EntryKind, UnaryKind};
use hir::passes::{self, NoObserver, Pass};
use hir::types::Spec;
use hir::{Block, CodeId, FrameStateId, Function, Instr, Preloaded, Type, Value, ty};
use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;

/// A value: of Python, or a machine value.
#[derive(Clone, Debug)]
pub enum V {
    Null,
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Rc<str>),
    List(Rc<RefCell<Vec<V>>>),
    Tuple(Rc<Vec<V>>),
    Range(i64, i64, i64),
    /// Items that are left, the next one last.
    Iterator(Rc<RefCell<Vec<V>>>),
    /// Iterates over a list that may change.
    ListIterator(Rc<RefCell<Vec<V>>>, Rc<RefCell<usize>>),
    Cell(Rc<RefCell<V>>),
    Code(Rc<Code>),
    Function(Rc<Closure>),
    /// A builtin function or class.
    Builtin(&'static str),
    Exception(&'static str, Rc<str>),
    Method(&'static str, Rc<RefCell<Vec<V>>>),
    /// An object of made up feedback, which no value is.
    Guessed,
    Exhausted,
    CBool(bool),
    CInt(i64),
    CDouble(f64),
}

#[derive(Debug)]
pub struct Closure {
    code: Rc<Code>,
    cells: RefCell<Vec<V>>,
    defaults: RefCell<Vec<V>>,
}

impl V {
    /// Python's form of a machine value.
    fn boxed(self) -> V {
        match self {
            V::CBool(value) => V::Bool(value),
            V::CInt(value) => V::Int(value),
            V::CDouble(value) => V::Float(value),
            value => value,
        }
    }
}

const BUILTINS: &[&str] = &["range", "len", "ValueError", "IndexError", "ZeroDivisionError", "TypeError", "Exception", "print", "list"];

/// How a run of a frame ends.
pub enum End {
    Return(V),
    Raise(V),
    Yield { value: V, resume: u32, frame: Vec<V> },
}

/// How functions are built: what each has seen, and what passes run.
pub struct Maker<'a> {
    pub preload: &'a dyn Fn(&Code) -> Preloaded,
    /// Every so manieth instruction that could deopt does; 0: none.
    pub deopt_every: usize,
    pub passes: &'a [Pass],
    /// The exception being handled.
    pub handled: RefCell<V>,
}

type Step<T> = Result<T, V>;

fn raise<T>(kind: &'static str, text: &str) -> Step<T> {
    Err(V::Exception(kind, text.into()))
}

/// Calls a function with positional arguments.
pub fn call(maker: &Maker<'_>, code: &Rc<Code>, cells: &[V], defaults: &[V], args: &[V]) -> End {
    let mut frame = vec![V::Null; code.locals.len()];
    let n_parameters = code.arg_count as usize;
    let first_default = n_parameters - defaults.len();
    for (index, slot) in frame.iter_mut().enumerate().take(n_parameters) {
        *slot = args.get(index).cloned().unwrap_or_else(|| defaults[index - first_default].clone());
    }
    go_on(maker, code, cells, EntryKind::Start, frame)
}

/// Runs code from an entry until it ends.
pub fn go_on(maker: &Maker<'_>, code: &Rc<Code>, cells: &[V], entry: EntryKind, frame: Vec<V>) -> End {
    let preloaded = (maker.preload)(code);
    let mut compiled = Compiled::new(code, &preloaded, &Options::default(), maker.passes);
    let (mut entry, mut frame) = (entry, frame);
    // A handler is entered with what it handles.
    let plain = Preloaded::of_code(Arc::new((**code).clone()), &code.qualname);
    for count in 0.. {
        assert!(count < 10_000, "{} goes on for ever", code.qualname);
        if let EntryKind::Resume(at) = entry
            && !compiled.has_entry(entry)
        {
            compiled = Compiled::new(code, &plain, &Options::on_stack_replacement(at), maker.passes);
        }
        let mut machine =
            Machine { maker, compiled: &compiled, code, cells, frame, values: vec![V::Null; compiled.function.value_limit()], guards: count };
        let stop = machine.run(entry);
        match stop {
            Stop::End(end) => return end,
            Stop::Deopt(state) => {
                let state = compiled.function.state(state).clone();
                let opcode = code.instructions[state.bytecode as usize].opcode();
                frame = machine.frame_of(&state.locals, &state.stack);
                if opcode == Some(Opcode::Reraise) {
                    let exception = frame.pop().expect("the exception is on the stack");
                    match handle(code, state.bytecode, &mut frame, exception) {
                        Ok(handler) => entry = handler,
                        Err(exception) => return End::Raise(exception),
                    }
                } else {
                    entry = EntryKind::Resume(state.bytecode);
                    // Feedback was wrong: without it the instruction gets done.
                    compiled = Compiled::new(code, &plain, &Options::on_stack_replacement(state.bytecode), &[]);
                }
            }
            Stop::Raise(state, exception) => {
                let state = compiled.function.state(state).trimmed();
                frame = machine.frame_of(&state.locals, &state.stack);
                match handle(code, state.bytecode, &mut frame, exception) {
                    Ok(handler) => entry = handler,
                    Err(exception) => return End::Raise(exception),
                }
            }
        }
    }
    unreachable!("the loop ends by returning")
}

/// Where an exception is handled; the frame is made ready.
fn handle(code: &Code, at: u32, frame: &mut Vec<V>, exception: V) -> Result<EntryKind, V> {
    let Some(entry) = entry_at(&code.exception_table, at) else { return Err(exception) };
    let depth = code.locals.len() + entry.depth as usize;
    assert!(frame.len() >= depth, "{} at {at}: the handler expects {} values on the stack", code.qualname, entry.depth);
    frame.truncate(depth);
    if entry.lasti {
        frame.push(V::Int(i64::from(at)));
    }
    frame.push(exception);
    Ok(EntryKind::Resume(entry.target))
}

struct Compiled {
    function: Function,
    entries: Vec<(EntryKind, Block)>,
    constants: Vec<(Type, Constant)>,
}

impl Compiled {
    fn new(code: &Code, preloaded: &Preloaded, options: &Options, passes: &[Pass]) -> Compiled {
        let mut function = build(preloaded, CodeId(0), options).unwrap_or_else(|refusal| panic!("{}: {refusal}", code.qualname));
        passes::run(passes, &mut function, preloaded, &mut NoObserver);
        let entries = match function.terminator(Function::ENTRY).map(|last| *function.instr(last)) {
            Some(Instr::EntrySwitch { entries }) => function.pool.entries(entries).to_vec(),
            _ => vec![(EntryKind::Start, Function::ENTRY)],
        };
        let constants = preloaded.codes[0].constants.iter().copied().zip(code.constants.iter().cloned()).collect();
        Compiled { function, entries, constants }
    }

    fn has_entry(&self, entry: EntryKind) -> bool {
        self.entries.iter().any(|(kind, _)| *kind == entry)
    }
}

enum Stop {
    End(End),
    Deopt(FrameStateId),
    Raise(FrameStateId, V),
}

struct Machine<'a> {
    maker: &'a Maker<'a>,
    compiled: &'a Compiled,
    code: &'a Rc<Code>,
    cells: &'a [V],
    frame: Vec<V>,
    values: Vec<V>,
    guards: usize,
}

/// What an instruction does.
enum Done {
    Value(V),
    Pair(V, V),
    Go(Block),
    Stop(Stop),
    /// The guard fails.
    Deopt,
}

impl Machine<'_> {
    fn frame_of(&self, locals: &[Option<Value>], stack: &[Option<Value>]) -> Vec<V> {
        locals.iter().chain(stack).map(|value| value.map_or(V::Null, |value| self.get(value).boxed())).collect()
    }

    fn get(&self, value: Value) -> V {
        self.values[value.0 as usize].clone()
    }

    fn list(&self, values: hir::instr::Values) -> Vec<V> {
        self.compiled.function.pool.values(values).iter().map(|value| self.get(*value)).collect()
    }

    fn run(&mut self, entry: EntryKind) -> Stop {
        let function = &self.compiled.function;
        let mut block = self.compiled.entries.iter().find(|(kind, _)| *kind == entry).unwrap_or_else(|| panic!("no entry {entry:?}\n{function}")).1;
        let mut from = Function::ENTRY;
        let mut second = V::Null;
        for steps in 0.. {
            assert!(steps < 100_000, "{} runs for ever", self.code.qualname);
            let edge = function.preds(block).iter().position(|pred| *pred == from);
            let phis: Vec<(Value, V)> =
                function.phis(block).iter().map(|phi| (*phi, self.get(function.phi_inputs(*phi)[edge.expect("phis are behind edges")]))).collect();
            for (phi, value) in phis {
                self.set(phi, value);
            }
            let mut next = None;
            for &value in function.instrs(block) {
                let instr = *function.instr(value);
                if instr.is_phi() {
                    continue;
                }
                if instr.info().deopt.reexecutes && self.maker.deopt_every > 0 {
                    self.guards += 1;
                    if self.guards.is_multiple_of(self.maker.deopt_every) {
                        return Stop::Deopt(function.frame_state(value).expect("guards have states"));
                    }
                }
                if let Instr::GetSecondOutput { .. } = instr {
                    let second = std::mem::replace(&mut second, V::Null);
                    self.set(value, second);
                    continue;
                }
                match self.execute(&instr, value) {
                    Ok(Done::Value(result)) => self.set(value, result),
                    Ok(Done::Pair(first, other)) => {
                        self.set(value, first);
                        second = other;
                    }
                    Ok(Done::Go(to)) => next = Some(to),
                    Ok(Done::Stop(stop)) => return stop,
                    Ok(Done::Deopt) => return Stop::Deopt(function.frame_state(value).expect("guards have states")),
                    Err(exception) => {
                        let state = function.frame_state(value).unwrap_or_else(|| panic!("{} raises", instr.display(&function.pool)));
                        return Stop::Raise(state, exception);
                    }
                }
            }
            from = block;
            block = next.expect("blocks end in terminators");
        }
        unreachable!("the loop ends by returning")
    }

    /// Keeps a result, which has to be of the type that is written there.
    fn set(&mut self, value: Value, result: V) {
        let function = &self.compiled.function;
        if function.has_output(value) {
            let known = function.ty(value);
            assert!(fits(&result, known), "{value}:{known} is {result:?}\n{function}");
        }
        self.values[value.0 as usize] = result;
    }

    fn constant(&self, known: Type) -> V {
        match known.spec() {
            Spec::Int(number) if known.fits(ty::Bool) => return V::Bool(number != 0),
            Spec::Int(number) if known.fits(ty::SmallInt) => return V::Int(number),
            Spec::Int(number) => return V::CInt(number),
            Spec::Double(bits) if known.fits(ty::CDouble) => return V::CDouble(f64::from_bits(bits)),
            Spec::Double(bits) => return V::Float(f64::from_bits(bits)),
            _ => {}
        }
        if known.fits(ty::NoneType) {
            return V::None;
        }
        if known.fits(ty::Nullptr) {
            return V::Null;
        }
        let found = self.compiled.constants.iter().find(|(ty, _)| ty.known_object().is_some() && ty.known_object() == known.known_object());
        found.map_or(V::Guessed, |(_, constant)| from_constant(constant))
    }

    fn immediate(&self, id: hir::instr::TypeId) -> Type {
        self.compiled.function.pool.ty(id)
    }

    fn name(&self, id: hir::instr::NameId) -> String {
        self.compiled.function.pool.name(id).to_owned()
    }

    fn call(&self, callable: V, receiver: V, args: Vec<V>) -> Step<V> {
        let mut all = args;
        if !matches!(receiver, V::Null) {
            all.insert(0, receiver);
        }
        match (callable, all.as_slice()) {
            (V::Function(function), all) => match call(self.maker, &function.code, &function.cells.borrow(), &function.defaults.borrow(), all) {
                End::Return(value) => Ok(value),
                End::Raise(exception) => Err(exception),
                End::Yield { .. } => panic!("generators are run from outside only"),
            },
            (V::Method("append", list), [item]) => {
                list.borrow_mut().push(item.clone());
                Ok(V::None)
            }
            (V::Builtin("range"), [V::Int(stop)]) => Ok(V::Range(0, *stop, 1)),
            (V::Builtin("range"), [V::Int(start), V::Int(stop)]) => Ok(V::Range(*start, *stop, 1)),
            (V::Builtin("range"), [V::Int(start), V::Int(stop), V::Int(step)]) => Ok(V::Range(*start, *stop, *step)),
            (V::Builtin("len"), [value]) => Ok(V::Int(items(value)?.len() as i64)),
            (V::Builtin("list"), [value]) => Ok(new_list(items(value)?)),
            (V::Builtin(kind), []) => Ok(V::Exception(kind, "".into())),
            (V::Builtin(kind), [V::Str(text)]) => Ok(V::Exception(kind, text.clone())),
            (callable, _) => panic!("a call of {callable:?}"),
        }
    }

    #[allow(clippy::too_many_lines, reason = "one arm for each instruction")]
    fn execute(&mut self, instr: &Instr, value: Value) -> Step<Done> {
        let function = &self.compiled.function;
        let get = |value: Value| self.get(value);
        let done = |value: V| Ok(Done::Value(value));
        let two = |a: Value, b: Value| (self.get(a), self.get(b));
        match *instr {
            Instr::Snapshot {}
            | Instr::RunPeriodicTasks {}
            | Instr::CheckPeriodicTasks {}
            | Instr::DeoptPatchpoint { .. }
            | Instr::HintType { .. }
            | Instr::UseType { .. } => done(V::Null),
            Instr::UpdateInstr { .. }
            | Instr::Incref { .. }
            | Instr::XIncref { .. }
            | Instr::Decref { .. }
            | Instr::XDecref { .. }
            | Instr::BatchDecref { .. } => done(V::Null),
            Instr::VirtualObject { parts, ty } => {
                let parts: Vec<V> = self.list(parts).into_iter().map(V::boxed).collect();
                if let [V::List(list), V::Int(index)] = &parts[..]
                    && self.immediate(ty).fits(ty::ListIterator)
                {
                    return done(V::ListIterator(list.clone(), Rc::new(RefCell::new(*index as usize))));
                }
                if let [V::Tuple(items), V::Int(index)] = &parts[..]
                    && self.immediate(ty).fits(ty::TupleIterator)
                {
                    let rest = items.iter().skip(*index as usize).rev().cloned().collect();
                    return done(V::Iterator(Rc::new(RefCell::new(rest))));
                }
                done(if self.immediate(ty).fits(ty::ListExact) { new_list(parts) } else { V::Tuple(Rc::new(parts)) })
            }
            Instr::LoadArg { index, .. } | Instr::LoadFrameSlot { index, .. } => done(self.frame[index as usize].clone()),
            Instr::LoadConst { ty } => done(self.constant(self.immediate(ty))),
            Instr::LoadClosureCell { index } => done(self.cells[index as usize].clone()),
            Instr::Assign { value } | Instr::RefineType { value, .. } => done(get(value)),
            Instr::GuardType { value, ty } => {
                let value = get(value);
                if fits(&value, self.immediate(ty)) { done(value) } else { Ok(Done::Deopt) }
            }
            Instr::Guard { condition } => {
                if is_set(&get(condition)) {
                    done(V::Null)
                } else {
                    Ok(Done::Deopt)
                }
            }
            Instr::GuardIs { .. } | Instr::GuardShape { .. } | Instr::Deopt { .. } => Ok(Done::Deopt),
            Instr::CheckVar { value, .. } => match get(value) {
                V::Null => raise("UnboundLocalError", ""),
                value => done(value),
            },
            Instr::CheckFreevar { value, .. } => match get(value) {
                V::Null => raise("NameError", ""),
                value => done(value),
            },
            Instr::Branch { target } => Ok(Done::Go(target)),
            Instr::CondBranch { condition, then, otherwise } => Ok(Done::Go(if is_set(&get(condition)) { then } else { otherwise })),
            Instr::CondBranchIterNotDone { item, then, otherwise } => Ok(Done::Go(if matches!(get(item), V::Exhausted) { otherwise } else { then })),
            Instr::CondBranchCheckType { value, then, otherwise, ty } => {
                Ok(Done::Go(if fits(&get(value), self.immediate(ty)) { then } else { otherwise }))
            }
            Instr::CondBranchShape { otherwise, .. } => Ok(Done::Go(otherwise)),
            Instr::Return { value } => Ok(Done::Stop(Stop::End(End::Return(get(value))))),
            Instr::ReturnGenerator {} => {
                let state = function.state(function.frame_state(value).expect("it has a state"));
                let mut frame = self.frame_of(&state.locals, &state.stack);
                frame.push(V::None);
                Ok(Done::Stop(Stop::End(End::Yield { value: V::None, resume: state.bytecode + 1, frame })))
            }
            Instr::Yield { value: yielded, resume } => {
                let state = function.state(function.frame_state(value).expect("it has a state"));
                let frame = self.frame_of(&state.locals, &state.stack);
                Ok(Done::Stop(Stop::End(End::Yield { value: get(yielded), resume, frame })))
            }
            Instr::SmallIntBinaryOp { left, right, op } => match (two(left, right), op) {
                ((V::Int(_), V::Int(0)), BinaryOp::FloorDivide | BinaryOp::Remainder) => Ok(Done::Deopt),
                ((left, right), op) => done(binary(&left, &right, op)?),
            },
            Instr::BinaryOp { left, right, op }
            | Instr::LongBinaryOp { left, right, op }
            | Instr::NumberBinaryOp { left, right, op }
            | Instr::FloatBinaryOp { left, right, op } => {
                let (left, right) = two(left, right);
                done(binary(&left, &right, op)?)
            }
            Instr::UnicodeConcat { left, right } | Instr::UnicodeAppend { left, right } => {
                let (left, right) = two(left, right);
                done(binary(&left, &right, BinaryOp::Add)?)
            }
            Instr::UnaryOp { value, op } | Instr::SmallIntUnaryOp { value, op } => match (get(value), op) {
                (V::Int(number), UnaryKind::Negate) => done(V::Int(-number)),
                (V::Int(number), UnaryKind::Invert) => done(V::Int(!number)),
                (V::Float(number), UnaryKind::Negate) => done(V::Float(-number)),
                (value, _) => panic!("a sign of {value:?}"),
            },
            Instr::SmallIntCompare { left, right, op }
            | Instr::LongCompare { left, right, op }
            | Instr::FloatCompare { left, right, op }
            | Instr::UnicodeCompare { left, right, op }
            | Instr::PrimitiveCompare { left, right, op } => {
                let (left, right) = two(left, right);
                done(V::CBool(compare(&left, &right, op)?))
            }
            Instr::Compare { left, right, op } => {
                let (left, right) = two(left, right);
                done(V::Bool(compare(&left, &right, Condition::of(op))?))
            }
            Instr::CompareBool { left, right, op } => {
                let (left, right) = two(left, right);
                done(V::CBool(compare(&left, &right, Condition::of(op))?))
            }
            Instr::Contains { value, container } => {
                let (value, container) = two(value, container);
                done(V::CBool(items(&container)?.iter().any(|item| compare(item, &value, Condition::Equal).unwrap_or(false))))
            }
            Instr::Is { left, right } => {
                let (left, right) = two(left, right);
                done(V::CBool(is_same(&left, &right)))
            }
            Instr::IsTruthy { value } => done(V::CBool(truth(&get(value)))),
            Instr::BoolBox { value } => match get(value) {
                V::CBool(value) => done(V::Bool(value)),
                value => panic!("{value:?} is no machine bool"),
            },
            Instr::BoolUnbox { value } => done(V::CBool(truth(&get(value)))),
            Instr::BoolNot { value } => done(V::CBool(!is_set(&get(value)))),
            Instr::IntToBool { value } => done(V::CBool(is_set(&get(value)))),
            Instr::SmallIntUnbox { value } => match get(value) {
                V::Int(number) => done(V::CInt(number)),
                value => panic!("{value:?} is no int"),
            },
            Instr::SmallIntBoxUnchecked { value } | Instr::SmallIntBox { value } => match get(value) {
                V::CInt(number) => done(V::Int(number)),
                value => panic!("{value:?} is no machine int"),
            },
            Instr::IntBinaryOp { left, right, op: hir::instr::IntKind::Add } => match two(left, right) {
                (V::CInt(a), V::CInt(b)) => done(V::CInt(a.wrapping_add(b))),
                other => panic!("{other:?} are no machine ints"),
            },
            Instr::IntToDouble { value } => match get(value) {
                V::CInt(number) => done(V::CDouble(number as f64)),
                value => panic!("{value:?} is no machine int"),
            },
            Instr::GuardFloatUnbox { value } => match get(value) {
                V::Float(number) => done(V::CDouble(number)),
                _ => Ok(Done::Deopt),
            },
            Instr::NumberToDouble { value } => match get(value) {
                V::Float(number) => done(V::CDouble(number)),
                V::Int(number) => done(V::CDouble(number as f64)),
                value => panic!("{value:?} is no number"),
            },
            Instr::FloatUnbox { value } => match get(value) {
                V::Float(number) => done(V::CDouble(number)),
                value => panic!("{value:?} is no float"),
            },
            Instr::FloatBox { value } => match get(value) {
                V::CDouble(number) => done(V::Float(number)),
                value => panic!("{value:?} is no machine float"),
            },
            Instr::DoubleBinaryOp { left, right, op } => match (two(left, right), op) {
                ((V::CDouble(a), V::CDouble(b)), DoubleKind::Add) => done(V::CDouble(a + b)),
                ((V::CDouble(a), V::CDouble(b)), DoubleKind::Subtract) => done(V::CDouble(a - b)),
                ((V::CDouble(a), V::CDouble(b)), DoubleKind::Multiply) => done(V::CDouble(a * b)),
                ((V::CDouble(a), V::CDouble(b)), DoubleKind::Divide) => done(V::CDouble(a / b)),
                ((V::CDouble(a), V::CDouble(b)), DoubleKind::Power) => done(V::CDouble(a.powf(b))),
                (other, _) => panic!("{other:?} are no machine floats"),
            },
            Instr::DoubleUnaryOp { value, op } => match (get(value), op) {
                (V::CDouble(number), DoubleUnaryKind::Negate) => done(V::CDouble(-number)),
                (V::CDouble(number), DoubleUnaryKind::Absolute) => done(V::CDouble(number.abs())),
                (V::CDouble(number), DoubleUnaryKind::SquareRoot) => done(V::CDouble(number.sqrt())),
                (V::CDouble(number), DoubleUnaryKind::Sine) => done(V::CDouble(number.sin())),
                (V::CDouble(number), DoubleUnaryKind::Cosine) => done(V::CDouble(number.cos())),
                (value, _) => panic!("{value:?} is no machine float"),
            },
            Instr::LoadGlobal { name } => {
                let name = self.name(name);
                match BUILTINS.iter().find(|known| **known == name) {
                    Some(name) => done(V::Builtin(name)),
                    None => raise("NameError", &name),
                }
            }
            Instr::LoadAttr { owner, .. } => match get(owner) {
                V::Exception(_, text) => done(V::Tuple(Rc::new(vec![V::Str(text)]))),
                owner => panic!("an attribute of {owner:?}"),
            },
            Instr::LoadMethod { owner, name } => match (get(owner), self.name(name).as_str()) {
                (V::List(list), "append") => Ok(Done::Pair(V::Method("append", list), V::Null)),
                (owner, name) => panic!("{name} of {owner:?}"),
            },
            Instr::MakeCell { value } => done(V::Cell(Rc::new(RefCell::new(get(value))))),
            Instr::LoadCellItem { cell } => done(cell_of(&get(cell)).borrow().clone()),
            Instr::TakeCellItem { cell } => done(cell_of(&get(cell)).replace(V::Null)),
            Instr::SetCellItem { cell, value, .. } => {
                cell_of(&get(cell)).replace(get(value));
                done(V::Null)
            }
            Instr::VectorCall { callable, args } => done(self.call(get(callable), V::Null, self.list(args))?),
            Instr::CallMethod { callable, receiver, args } => done(self.call(get(callable), get(receiver), self.list(args))?),
            Instr::MakeFunction { code } => match get(code) {
                V::Code(code) => done(V::Function(Rc::new(Closure { code, cells: RefCell::default(), defaults: RefCell::default() }))),
                value => panic!("{value:?} is no code"),
            },
            Instr::SetFunctionAttribute { value, function, attribute } => {
                let V::Function(function) = get(function) else { panic!("no function") };
                let V::Tuple(items) = get(value) else { panic!("no tuple") };
                let place = if attribute == bytecode::opcode::FunctionAttribute::Closure { &function.cells } else { &function.defaults };
                place.replace(items.to_vec());
                done(V::Null)
            }
            Instr::MakeList { items } => done(new_list(self.list(items))),
            Instr::MakeTuple { items } => done(V::Tuple(Rc::new(self.list(items)))),
            Instr::ListAppend { list, item } => {
                list_of(&get(list)).borrow_mut().push(get(item));
                done(V::Null)
            }
            Instr::ListExtend { list, items: more } => {
                list_of(&get(list)).borrow_mut().extend(items(&get(more))?);
                done(V::Null)
            }
            Instr::ListToTuple { list } => done(V::Tuple(Rc::new(items(&get(list))?))),
            Instr::StoreSubscr { value, container, key } => {
                let (list, V::Int(key)) = (get(container), get(key)) else { panic!("a key that is no int") };
                let list = list_of(&list);
                let place = place(key, list.borrow().len())?;
                list.borrow_mut()[place] = get(value);
                done(V::Null)
            }
            Instr::GetLength { value } => done(V::Int(items(&get(value))?.len() as i64)),
            Instr::LoadLength { container } => done(V::CInt(items(&get(container))?.len() as i64)),
            Instr::CheckBounds { index, length } => match two(index, length) {
                (V::CInt(index), V::CInt(length)) => place(index, length as usize).map_or(Ok(Done::Deopt), |place| done(V::CInt(place as i64))),
                other => panic!("{other:?} are no machine ints"),
            },
            Instr::LoadListItem { list: container, index }
            | Instr::LoadTupleItemAt { tuple: container, index }
            | Instr::UnicodeItem { text: container, index } => {
                let (container, V::CInt(index)) = (get(container), get(index)) else { panic!("no machine int") };
                done(items(&container)?[index as usize].clone())
            }
            Instr::TakeListItem { list, index } => {
                let V::CInt(index) = get(index) else { panic!("no machine int") };
                done(std::mem::replace(&mut list_of(&get(list)).borrow_mut()[index as usize], V::Null))
            }
            Instr::StoreListItem { list, index, value, .. } => {
                let V::CInt(index) = get(index) else { panic!("no machine int") };
                list_of(&get(list)).borrow_mut()[index as usize] = get(value);
                done(V::Null)
            }
            Instr::LoadTupleItem { tuple, index } => done(items(&get(tuple))?[index as usize].clone()),
            Instr::UnpackSequence { value, count } => {
                let items = items(&get(value))?;
                if items.len() == count as usize { done(V::Tuple(Rc::new(items))) } else { raise("ValueError", "unpack") }
            }
            Instr::UnpackEx { value, before, after } => {
                let mut items = items(&get(value))?;
                if items.len() < (before + after) as usize {
                    return raise("ValueError", "unpack");
                }
                let tail = items.split_off(items.len() - after as usize);
                let middle = items.split_off(before as usize);
                items.push(new_list(middle));
                items.extend(tail);
                done(V::Tuple(Rc::new(items)))
            }
            Instr::GetIter { value } => match get(value) {
                V::List(list) => done(V::ListIterator(list, Rc::default())),
                iterator @ (V::Iterator(_) | V::ListIterator(..)) => done(iterator),
                other => {
                    let mut items = items(&other)?;
                    items.reverse();
                    done(V::Iterator(Rc::new(RefCell::new(items))))
                }
            },
            Instr::IterNext { iterator }
            | Instr::RangeIteratorNext { iterator }
            | Instr::ListIteratorNext { iterator }
            | Instr::TupleIteratorNext { iterator } => done(next(&get(iterator))),
            Instr::CallIntrinsic1 { value, function: bytecode::opcode::Intrinsic1::StopIterationError } => done(get(value)),
            Instr::PushExcInfo { exception } => done(self.maker.handled.replace(get(exception))),
            Instr::PopExcept { previous } => {
                self.maker.handled.replace(get(previous));
                done(V::Null)
            }
            Instr::ExceptionMatches { exception, kind } => match two(exception, kind) {
                (V::Exception(kind, _), V::Builtin(wanted)) => done(V::CBool(kind == wanted || wanted == "Exception")),
                other => panic!("{other:?} do not match"),
            },
            Instr::RaiseVarargs { args } => match self.list(args).as_slice() {
                [V::Builtin(kind), ..] => raise(kind, ""),
                [exception, ..] => Err(exception.clone()),
                [] => Err(self.maker.handled.borrow().clone()),
            },
            Instr::Reraise { exception } => Err(get(exception)),
            Instr::FormatSimple { value } => done(V::Str(show(&get(value)).into())),
            Instr::BuildString { parts } => {
                let text: String =
                    self.list(parts).iter().map(|part| if let V::Str(text) = part { text.to_string() } else { panic!("no string") }).collect();
                done(V::Str(text.into()))
            }
            _ => panic!("{} is not executed\n{function}", instr.display(&function.pool)),
        }
    }
}

/// Whether a branch or guard sees the value as set.
fn is_set(value: &V) -> bool {
    match value {
        V::CBool(value) => *value,
        V::CInt(value) => *value != 0,
        V::Null => false,
        _ => true,
    }
}

fn truth(value: &V) -> bool {
    match value {
        V::None => false,
        V::Bool(value) => *value,
        V::Int(value) => *value != 0,
        V::Float(value) => *value != 0.0,
        V::Str(_) | V::List(_) | V::Tuple(_) | V::Range(..) => items(value).is_ok_and(|items| !items.is_empty()),
        _ => true,
    }
}

fn is_same(left: &V, right: &V) -> bool {
    match (left, right) {
        (V::Null, V::Null) | (V::None, V::None) => true,
        (V::Bool(a), V::Bool(b)) => a == b,
        (V::Int(a), V::Int(b)) => a == b,
        (V::List(a), V::List(b)) => Rc::ptr_eq(a, b),
        _ => false,
    }
}

/// Whether a value is of a type, as far as leaves go.
fn fits(value: &V, known: Type) -> bool {
    let leaf = match value {
        V::Null => ty::Nullptr,
        V::None => ty::NoneType,
        V::Bool(_) => ty::Bool,
        V::Int(_) => ty::SmallInt,
        V::Float(_) => return !known.leaves().and(ty::FloatExact.leaves()).is_empty(),
        V::Str(_) => ty::UnicodeExact,
        V::List(_) => ty::ListExact,
        V::Tuple(_) => ty::TupleExact,
        V::Range(..) => ty::Range,
        V::Iterator(_) => {
            return !known.leaves().and(ty::RangeIterator.leaves().or(ty::TupleIterator.leaves()).or(ty::ObjectUser.leaves())).is_empty();
        }
        V::ListIterator(..) => ty::ListIterator,
        V::Cell(_) => ty::Cell,
        V::Code(_) => ty::Code,
        V::Function(_) => ty::Func,
        V::Builtin(_) => return !known.leaves().and(ty::BuiltinFunction.leaves().or(ty::TypeExact.leaves())).is_empty(),
        V::Exception(..) => return !known.leaves().and(ty::BaseException.leaves()).is_empty(),
        V::Method(..) => ty::BuiltinFunction,
        V::Guessed => return true,
        V::Exhausted => ty::Exhausted,
        V::CBool(_) => ty::CBool,
        V::CInt(_) => ty::CInt64,
        V::CDouble(_) => ty::CDouble,
    };
    let is_number = match (value, known.known_int()) {
        (V::Int(value), Some(known)) | (V::CInt(value), Some(known)) => *value == known,
        (V::Bool(value), Some(known)) | (V::CBool(value), Some(known)) => i64::from(*value) == known,
        _ => true,
    };
    is_number && leaf.leaves().within(known.leaves())
}

fn from_constant(constant: &Constant) -> V {
    match constant {
        Constant::None => V::None,
        Constant::True => V::Bool(true),
        Constant::False => V::Bool(false),
        Constant::Int(number) => V::Int(*number),
        Constant::Float(number) => V::Float(*number),
        Constant::Str(text) => V::Str(text.as_str().expect("it is text").into()),
        Constant::Tuple(items) => V::Tuple(Rc::new(items.iter().map(from_constant).collect())),
        Constant::Code(code) => V::Code(Rc::new((**code).clone())),
        other => panic!("the constant {other}"),
    }
}

fn new_list(items: Vec<V>) -> V {
    V::List(Rc::new(RefCell::new(items)))
}

fn list_of(value: &V) -> &RefCell<Vec<V>> {
    if let V::List(list) = value { list } else { panic!("{value:?} is no list") }
}

fn cell_of(value: &V) -> &RefCell<V> {
    if let V::Cell(cell) = value { cell } else { panic!("{value:?} is no cell") }
}

fn items(value: &V) -> Step<Vec<V>> {
    Ok(match value {
        V::List(list) => list.borrow().clone(),
        V::Tuple(items) => items.to_vec(),
        V::Str(text) => text.chars().map(|character| V::Str(character.to_string().into())).collect(),
        V::Range(start, stop, step) => {
            let mut items = Vec::new();
            let mut at = *start;
            while if *step > 0 { at < *stop } else { at > *stop } {
                items.push(V::Int(at));
                at += step;
            }
            items
        }
        V::Iterator(_) | V::ListIterator(..) => {
            let mut items = Vec::new();
            loop {
                match next(value) {
                    V::Exhausted => return Ok(items),
                    item => items.push(item),
                }
            }
        }
        _ => return raise("TypeError", "not iterable"),
    })
}

fn next(iterator: &V) -> V {
    match iterator {
        V::Iterator(items) => items.borrow_mut().pop().unwrap_or(V::Exhausted),
        V::ListIterator(list, at) => {
            let item = list.borrow().get(*at.borrow()).cloned();
            *at.borrow_mut() += 1;
            item.unwrap_or(V::Exhausted)
        }
        other => panic!("{other:?} is no iterator"),
    }
}

fn place(index: i64, length: usize) -> Step<usize> {
    let place = if index < 0 { index + length as i64 } else { index };
    if (0..length as i64).contains(&place) { Ok(place as usize) } else { raise("IndexError", "index") }
}

fn number(value: &V) -> Option<f64> {
    match value {
        V::Int(number) => Some(*number as f64),
        V::Bool(truth) => Some(f64::from(u8::from(*truth))),
        V::Float(number) | V::CDouble(number) => Some(*number),
        _ => None,
    }
}

fn compare(left: &V, right: &V, condition: Condition) -> Step<bool> {
    use std::cmp::Ordering;
    let order = match (left, right) {
        (V::Int(a) | V::CInt(a), V::Int(b) | V::CInt(b)) => Some(a.cmp(b)),
        (V::Str(a), V::Str(b)) => Some(a.cmp(b)),
        _ if number(left).is_some() && number(right).is_some() => number(left).partial_cmp(&number(right)),
        _ if condition == Condition::Equal || condition == Condition::NotEqual => {
            if is_same(left, right) || show(left) == show(right) {
                Some(Ordering::Equal)
            } else {
                None
            }
        }
        _ => return raise("TypeError", "compare"),
    };
    Ok(match condition {
        Condition::Less => order == Some(Ordering::Less),
        Condition::LessEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Condition::Equal => order == Some(Ordering::Equal),
        Condition::NotEqual => order != Some(Ordering::Equal),
        Condition::Greater => order == Some(Ordering::Greater),
        Condition::GreaterEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    })
}

fn binary(left: &V, right: &V, op: BinaryOp) -> Step<V> {
    let op = op.without_inplace();
    Ok(match (left, right, op) {
        (V::Int(_), V::Int(0), BinaryOp::FloorDivide | BinaryOp::Remainder | BinaryOp::TrueDivide) => return raise("ZeroDivisionError", "zero"),
        (V::Int(a), V::Int(b), BinaryOp::Add) => V::Int(a + b),
        (V::Int(a), V::Int(b), BinaryOp::Subtract) => V::Int(a - b),
        (V::Int(a), V::Int(b), BinaryOp::Multiply) => V::Int(a * b),
        (V::Int(a), V::Int(b), BinaryOp::FloorDivide) => V::Int((a - a.rem_euclid(*b)) / b - i64::from(*b < 0 && a.rem_euclid(*b) != 0)),
        (V::Int(a), V::Int(b), BinaryOp::Remainder) => V::Int(a.rem_euclid(*b) + if *b < 0 && a.rem_euclid(*b) != 0 { *b } else { 0 }),
        (V::Int(a), V::Int(b), BinaryOp::And) => V::Int(a & b),
        (V::Int(a), V::Int(b), BinaryOp::Or) => V::Int(a | b),
        (V::Int(a), V::Int(b), BinaryOp::Xor) => V::Int(a ^ b),
        (V::Int(a), V::Int(b), BinaryOp::LeftShift) => V::Int(a << b),
        (V::Int(a), V::Int(b), BinaryOp::RightShift) => V::Int(a >> b),
        (V::Str(a), V::Str(b), BinaryOp::Add) => V::Str(format!("{a}{b}").into()),
        (V::List(_), V::List(_), BinaryOp::Add) => new_list(items(left)?.into_iter().chain(items(right)?).collect()),
        (V::Tuple(_), V::Tuple(_), BinaryOp::Add) => V::Tuple(Rc::new(items(left)?.into_iter().chain(items(right)?).collect())),
        (V::List(_), V::Int(b), BinaryOp::Multiply) => new_list((0..*b).flat_map(|_| items(left).unwrap_or_default()).collect()),
        (_, V::Int(index), BinaryOp::Subscript) => {
            let items = items(left)?;
            items[place(*index, items.len())?].clone()
        }
        _ => match (number(left), number(right), op) {
            (Some(a), Some(b), BinaryOp::Add) => V::Float(a + b),
            (Some(a), Some(b), BinaryOp::Subtract) => V::Float(a - b),
            (Some(a), Some(b), BinaryOp::Multiply) => V::Float(a * b),
            (Some(_), Some(0.0), BinaryOp::TrueDivide) => return raise("ZeroDivisionError", "zero"),
            (Some(a), Some(b), BinaryOp::TrueDivide) => V::Float(a / b),
            _ => return raise("TypeError", "operands"),
        },
    })
}

/// As Python shows it.
pub fn show(value: &V) -> String {
    let list = |items: &[V]| items.iter().map(repr).collect::<Vec<_>>().join(", ");
    match value {
        V::None => "None".to_owned(),
        V::Bool(true) => "True".to_owned(),
        V::Bool(false) => "False".to_owned(),
        V::Int(number) => number.to_string(),
        V::Float(number) => format!("{number:?}"),
        V::Str(text) => text.to_string(),
        V::List(items) => format!("[{}]", list(&items.borrow())),
        V::Tuple(items) => {
            let mut out = format!("({}", list(items));
            let _ = write!(out, "{}", if items.len() == 1 { ",)" } else { ")" });
            out
        }
        V::Exception(kind, _) => (*kind).to_owned(),
        other => format!("{other:?}"),
    }
}

fn repr(value: &V) -> String {
    if let V::Str(text) = value { format!("'{text}'") } else { show(value) }
}

/// What a call of the function comes to, as text: a generator is run to its end.
pub fn outcome(maker: &Maker<'_>, code: &Rc<Code>, args: &[V]) -> String {
    let is_generator = code.flags.has(CodeFlags::GENERATOR);
    let (mut end, mut yielded) = (call(maker, code, &[], &[], args), Vec::new());
    let mut is_first = true;
    loop {
        match end {
            End::Return(value) if is_generator => return format!("{} then {}", show(&new_list(yielded)), repr(&value)),
            End::Return(value) => return repr(&value),
            End::Raise(exception) => {
                return format!("{}{}", if is_generator { show(&new_list(yielded)) + " then " } else { String::new() }, show(&exception));
            }
            End::Yield { value, resume, mut frame } => {
                if !is_first {
                    yielded.push(value);
                    frame.push(V::None);
                }
                is_first = false;
                end = go_on(maker, code, &[], EntryKind::Resume(resume), frame);
            }
        }
    }
}
