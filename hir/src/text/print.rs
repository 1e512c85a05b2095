//! Printing.

use crate::function::{CodeId, Ending, FrameState, Function, RefKind};
use crate::instr::{Block, Instr, Value};
use crate::types::{Classes, Spec, Type};
use std::fmt;

/// A function with the names of classes and objects as comments.
pub struct Annotated<'a>(pub &'a Function);

/// Gives the lines to be said of a bytecode instruction, in front of what it became.
pub type Remarks<'a> = &'a dyn Fn(CodeId, u32) -> Vec<String>;

/// The same with comments about the bytecode instructions that the function is made of.
pub struct Remarked<'a>(pub &'a Function, pub Remarks<'a>);

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(self, false, None, f)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(self, true, None, f)
    }
}

impl fmt::Display for Annotated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(self.0, true, None, f)
    }
}

impl fmt::Display for Remarked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print(self.0, true, Some(self.1), f)
    }
}

fn print(function: &Function, annotate: bool, remarks: Option<Remarks<'_>>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "fun {} {{", function.name)?;
    for block in function.blocks() {
        print_head(function, block, f)?;
        let mut before = None;
        for (index, &value) in function.instrs(block).iter().enumerate() {
            if let Some(remarks) = remarks
                && let Some((code, at)) = place_of(function, block, index).filter(|place| before.replace(*place) != Some(*place))
            {
                remarks(code, at).iter().try_for_each(|line| writeln!(f, "    ; {line}"))?;
            }
            print_instr(function, value, annotate, f)?;
        }
        writeln!(f, "  }}")?;
    }
    for id in function.used_frame_states() {
        writeln!(f, "  fs {} = {}", id.0, function.state(id))?;
    }
    f.write_str("}\n")
}

/// The bytecode instruction that an instruction comes from, as far as frame states tell: what has none belongs to the next that has one.
fn place_of(function: &Function, block: Block, index: usize) -> Option<(CodeId, u32)> {
    let mut states = function.instrs(block)[index..].iter().map(|&value| (value, function.frame_state(value)));
    let is_before = |instr: &Instr| matches!(instr, Instr::LoadConst { .. } | Instr::UpdateInstr { .. });
    let (_, state) = states.find(|(value, state)| state.is_some() || !is_before(function.instr(*value)))?;
    state.map(|state| function.state(state)).map(|state| (state.code, state.bytecode))
}

fn print_head(function: &Function, block: Block, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "  bb {}", block.0)?;
    let preds = function.preds(block);
    if !preds.is_empty() {
        let list: Vec<String> = preds.iter().map(|pred| pred.0.to_string()).collect();
        write!(f, " (preds {})", list.join(", "))?;
    }
    let cold = if function.is_cold(block) { " cold" } else { "" };
    writeln!(f, "{cold} {{")
}

fn print_instr(function: &Function, value: Value, annotate: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let instr = function.instr(value);
    f.write_str("    ")?;
    if instr.info().has_output() {
        write!(f, "{value}:{} = ", function.ty(value))?;
    }
    write!(f, "{}", instr.display(&function.pool))?;
    if let Some(state) = function.frame_state(value) {
        write!(f, " fs{}", state.0)?;
    }
    if let Some(live) = function.live.get(&value) {
        let list: Vec<String> = live.iter().map(|live| format!("{}:{}", live.kind.letter(), live.value)).collect();
        write!(f, " [{}]", list.join(", "))?;
    }
    if annotate {
        print_comment(function, instr, f)?;
    }
    f.write_str("\n")
}

/// The names of what an instruction refers to by number.
fn print_comment(function: &Function, instr: &Instr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let ty = instr.type_immediate().map(|id| function.pool.ty(id));
    match ty.and_then(|ty| name_of(ty, &function.classes)) {
        Some(name) => write!(f, " ; {}", name.replace('\n', " ")),
        None => Ok(()),
    }
}

fn name_of(ty: Type, classes: &Classes) -> Option<&str> {
    match ty.spec() {
        Spec::Object(id) => classes.object(id).map(|object| object.name.as_str()),
        Spec::Class(id) | Spec::ClassExact(id) => classes.class(id).map(|class| class.name.as_str()),
        Spec::Shape(id) => classes.shape(id).and_then(|shape| classes.class(shape.class)).map(|class| class.name.as_str()),
        Spec::None | Spec::Int(_) | Spec::Double(_) => None,
    }
}

impl RefKind {
    /// How it is written before a live value.
    pub const fn letter(self) -> &'static str {
        match self {
            RefKind::Owned => "o",
            RefKind::Borrowed => "b",
            RefKind::Uncounted => "u",
        }
    }
}

impl fmt::Display for FrameState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code {} at {} locals({}) stack({})", self.code.0, self.bytecode, list(&self.locals), list(&self.stack))?;
        if self.popped > 0 {
            write!(f, " pops {}", self.popped)?;
        }
        if self.is_covered {
            f.write_str(" covered")?;
        }
        if self.ending != Ending::Push {
            write!(f, " {}", self.ending.text())?;
        }
        match self.parent {
            Some(parent) => write!(f, " parent fs{}", parent.0),
            None => Ok(()),
        }
    }
}

fn list(values: &[Option<Value>]) -> String {
    let texts: Vec<String> = values.iter().map(|value| value.map_or_else(|| "_".to_owned(), |value| value.to_string())).collect();
    texts.join(", ")
}
