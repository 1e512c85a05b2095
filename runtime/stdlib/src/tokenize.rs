//! `_tokenize`: source text as tokens, for the module `tokenize`.
//!
//! [`scan`] makes the tokens; here they become tuples. A line is read when a token needs it.

mod scan;

use object::bytes::Bytes;
use object::call::bind_args;
use object::cell::VmCell;
use object::exception;
use object::native::{Module, PayloadInfo, TypeSpec};
use object::protocol::iter_self;
use object::str::Str;
use object::{Args, Object, Payload, PyResult, Raised, Ref, RefOf, Slots, Type, Visitor, Vm};
use scan::{Flaw, Scanner, Step, Token};

pub static MODULE: Module = Module { name: "_tokenize", types: &[&TOKENIZER_ITER], ..Module::DEFAULT };

/// The payload of the iterator over tokens.
pub struct TokenizerIter {
    readline: Object,
    encoding: Option<String>,
    state: VmCell<State>,
}

enum State {
    Scanning(Box<Scanner>),
    Done,
}

pub static TOKENIZER_ITER: Type = Type::new(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    name: "_tokenize.TokenizerIter",
    payload: PayloadInfo::of::<TokenizerIter>(),
    slots: Slots { new: Some(new), iter: Some(iter_self), next: Some(next), ..Slots::NONE },
    ..TypeSpec::DEFAULT
};

impl Payload for TokenizerIter {
    fn class() -> &'static Type {
        &TOKENIZER_ITER
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.readline.borrow());
    }
}

fn new(vm: &mut Vm, class: RefOf<'_, Type>, args: Args<'_>) -> PyResult {
    let mut bound: [Option<Object>; 3] = [None, None, None];
    bind_args(vm, "tokenizeriter", "(readline, /, *, encoding=None, extra_tokens=False)", args, &mut bound)?;
    let [readline, encoding, extra_tokens] = bound;
    let encoding = match encoding.as_ref().map(Object::borrow).filter(|encoding| !encoding.is_none()) {
        Some(encoding) => match encoding.downcast::<Str>() {
            Some(text) => Some(text.to_string_lossy().into_owned()),
            None => {
                let message = format!("tokenizeriter() argument 'encoding' must be str, not {}", encoding.class().full_name());
                return Err(vm.type_error(message));
            }
        },
        None => None,
    };
    let extra_tokens = crate::argument::flag(vm, extra_tokens.as_ref().map(Object::borrow), false)?;
    let readline = readline.expect("the argument is required");
    Ok(vm.allocate_in(class.get(), TokenizerIter { readline, encoding, state: VmCell::new(State::Scanning(Box::new(Scanner::new(extra_tokens)))) }))
}

/// The next line; `None` at the end.
fn read_line(vm: &mut Vm, this: &TokenizerIter) -> PyResult<Option<String>> {
    let line = vm.call(this.readline.borrow(), &[]);
    let Some(line) = vm.ignore(line, &exception::STOP_ITERATION)? else {
        return Ok(None);
    };
    let text = match &this.encoding {
        Some(encoding) => {
            if line.borrow().downcast::<Bytes>().is_none() {
                return Err(vm.type_error("readline() returned a non-bytes object"));
            }
            let encoding = vm.new_str(encoding).into_object();
            let errors = vm.new_str("replace").into_object();
            vm.call_method(line.borrow(), "decode", &[encoding.borrow(), errors.borrow()])?
        }
        None => line,
    };
    match text.borrow().downcast::<Str>() {
        Some(text) if text.is_empty() => Ok(None),
        Some(text) => Ok(Some(text.to_string_lossy().into_owned())),
        None => Err(vm.type_error("readline() returned a non-string object")),
    }
}

fn next(vm: &mut Vm, this: Ref<'_>) -> PyResult<Option<Object>> {
    let this = this.downcast::<TokenizerIter>().expect("the slot belongs to the type");
    loop {
        let State::Scanning(scanner) = this.state.get_mut(vm) else {
            return Ok(None);
        };
        match scanner.next() {
            Ok(Step::Token(token)) => {
                if token.is_last() {
                    this.state.set(vm, State::Done);
                }
                return Ok(Some(new_tuple(vm, &token)));
            }
            Ok(Step::End) => return Ok(None),
            Ok(Step::NeedsLine) => {
                let line = read_line(vm, &this)?;
                if let State::Scanning(scanner) = this.state.get_mut(vm) {
                    match line {
                        Some(line) => scanner.add_line(&line),
                        None => scanner.complete(),
                    }
                }
            }
            Err(flaw) => {
                this.state.set(vm, State::Done);
                return Err(raise(vm, *flaw));
            }
        }
    }
}

fn new_tuple(vm: &Vm, token: &Token) -> Object {
    let place = |(line, column): (i64, i64)| vm.new_tuple([Object::small_int(line), Object::small_int(column)]).into_object();
    let items = [
        Object::small_int(token.kind),
        vm.new_str(&token.text).into_object(),
        place(token.start),
        place(token.end),
        vm.new_str(&token.line).into_object(),
    ];
    vm.new_tuple(items).into_object()
}

/// Raises what the scanner found wrong.
fn raise(vm: &mut Vm, flaw: Flaw) -> Raised {
    let message = vm.new_str(&flaw.message).into_object();
    let class = match flaw.class {
        scan::Class::Syntax => &exception::SYNTAX_ERROR,
        scan::Class::Indentation => &exception::INDENTATION_ERROR,
        scan::Class::Tab => &exception::TAB_ERROR,
    };
    let mut args = vec![message];
    if let Some(text) = &flaw.text {
        let end = if flaw.class == scan::Class::Syntax {
            [Object::small_int(flaw.line), Object::small_int(flaw.column)]
        } else {
            [Object::none(), Object::none()]
        };
        let [end_line, end_column] = end;
        let file = vm.new_str("<string>").into_object();
        let text = vm.new_str(text).into_object();
        let details = [file, Object::small_int(flaw.line), Object::small_int(flaw.column), text, end_line, end_column];
        args.push(vm.new_tuple(details).into_object());
    }
    let args: Vec<Ref<'_>> = args.iter().map(Object::borrow).collect();
    match vm.call(class.object(), &args) {
        Ok(error) => {
            if flaw.text.is_none() {
                exception::set_field(vm, error.borrow(), "lineno", Some(Object::small_int(flaw.line)));
                exception::set_field(vm, error.borrow(), "offset", Some(Object::small_int(flaw.column)));
            }
            vm.raise_object(error)
        }
        Err(raised) => raised,
    }
}
