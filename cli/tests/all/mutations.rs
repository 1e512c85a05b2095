//! Random programs that change classes, objects, globals and operands while loops that use them are hot. What they
//! print does not depend on when, or whether, code is specialised or compiled.
//!
//! A program is `mutations/prelude.py`, a few *probes* (functions of an object and a number), and a few *changes*, each due at some
//! iteration of a loop that calls the probes on the objects. A change happens between calls or, by way of `due(i)`, in the middle of
//! a probe's expression. Every result, and every exception with the place it comes from, is printed.
//!
//! `PROPTEST_CASES=N` makes N new programs rather than the usual ones; `REFERENCE_PYTHON=/path/to/python3.14` compares with that, too.

use crate::run::{Outcome, run, scoria};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::fmt::Write;
use std::process::Command;

const PRELUDE: &str = include_str!("mutations/prelude.py");

/// Code that is specialised never, when hot, from the first call; functions that are compiled by what was seen, at the first call, and left at each third guard.
const MODES: &[&[&str]] = &[
    &["jit-disable", "shadowcode=0"],
    &["jit-disable", "shadowcode=50"],
    &["jit-disable", "shadowcode=1"],
    &["shadowcode=1", "jit-auto=3", LISTED, WILDCARDS],
    &["shadowcode=1", "jit", LISTED, WILDCARDS],
    &["shadowcode=1", "jit-auto=2", "jit-stress-deopt=3", LISTED, WILDCARDS],
];

/// The program's own functions alone are compiled.
const LISTED: &str = concat!("jit-list-file=", env!("CARGO_MANIFEST_DIR"), "/tests/all/mutations/functions.txt");
const WILDCARDS: &str = "jit-enable-jit-list-wildcards";

/// The loop's iterations: enough for the second mode to have code that is hot, twice.
const ITERATIONS: usize = 130;

const ATTRIBUTES: &[&str] = &["a", "b", "x", "f", "p", "d", "e", "shared", "g", "s", "c", "new"];
const CLASSES: &[&str] = &["A", "B", "Base", "S", "Other", "Descriptor"];
const GLOBALS: &[&str] = &["G", "L", "T", "D", "R", "len", "abs", "range", "function", "new"];
const BUILTINS: &[&str] = &["len", "abs", "range", "isinstance", "type", "sum", "str"];

const VALUES: &[&str] = &[
    "1",
    "2.5",
    "'text'",
    "None",
    "True",
    "2**62 - 1",
    "2**70",
    "-1",
    "10**20",
    "(1, 2)",
    "[5, 6, 7, 8]",
    "{'a': 3, 1: 4}",
    "range(5)",
    "A()",
    "S()",
    "Logged('value')",
    "function",
    "generator(3)",
];

/// What may be put under a name of a class.
const MEMBERS: &[&str] = &[
    "lambda self, *a: ('method', a)",
    "lambda self, n=0: n * 3",
    "property(lambda self: 'property')",
    "property(lambda self: self.a, lambda self, value: note(show(value)))",
    "Descriptor()",
    "staticmethod(lambda n=0: ('static', n))",
    "classmethod(lambda cls, n=0: cls.__name__)",
    "function",
    "len",
    "generator",
];

/// Special methods that come and go.
const SPECIALS: &[&str] = &[
    "__getattr__ = lambda self, name: ('missing', name)",
    "__getattribute__ = lambda self, name: object.__getattribute__(self, name)",
    "__getattribute__ = lambda self, name: name",
    "__setattr__ = lambda self, name, value: note('set ' + name)",
    "__delattr__ = lambda self, name: note('delete ' + name)",
    "__len__ = lambda self: 7",
    "__bool__ = lambda self: False",
    "__add__ = lambda self, other: 'added'",
    "__radd__ = lambda self, other: 'added right'",
    "__iadd__ = lambda self, other: self",
    "__eq__ = lambda self, other: 'equal'",
    "__lt__ = lambda self, other: other",
    "__getitem__ = lambda self, key: [7, 8][key]",
    "__setitem__ = lambda self, key, value: note('set item')",
    "__contains__ = lambda self, key: key == 1",
    "__iter__ = lambda self: iter((1, 2))",
    "__call__ = lambda self, n=0: ('called', n)",
    "__neg__ = lambda self: 'negative'",
    "__index__ = lambda self: 1",
    "__str__ = lambda self: 'shown'",
    "__init__ = lambda self, *args: note('init')",
    "__new__ = lambda cls, *args: 3",
    "__enter__ = lambda self: 4",
    "__exit__ = lambda self, *details: True",
];

/// Expressions of `o` and `i`. `ATTR`, `VALUE`, `GLOBAL`, `CLASS` stand for one of theirs, `SUB` for another expression.
const EXPRESSIONS: &[&str] = &[
    "i",
    "o",
    "o.ATTR",
    "G",
    "GLOBAL",
    "VALUE",
    "o.f(i)",
    "o.ATTR(i)",
    "o.ATTR()",
    "o.g(i)",
    "o.g(i, m=4)",
    "o.f(n=i)",
    "o.f(*T[:1])",
    "o.f(*[i], **{})",
    "o.p",
    "type(o).ATTR",
    "CLASS.ATTR",
    "CLASS().ATTR",
    "CLASS().f(i)",
    "MODULE.a",
    "MODULE.f(i)",
    "STRICT.a",
    "STRICT.f(i)",
    "o.up(i)",
    "o.above",
    "type(o).made(i)",
    "function(SUB)",
    "function(i, key=SUB)",
    "function(1, 2, 3)",
    "len(SUB)",
    "len(o)",
    "abs(SUB)",
    "isinstance(o, CLASS)",
    "isinstance(SUB, (int, str))",
    "str(SUB)",
    "type(SUB) is int",
    "o(i)",
    "o[i]",
    "SUB[i % 4]",
    "SUB[0]",
    "SUB[-1]",
    "SUB['a']",
    "SUB[1:3]",
    "L[i & 3]",
    "T[i & 1]",
    "D['a']",
    "D.get(i & 7)",
    "'text'[i & 3]",
    "SUB + SUB",
    "SUB - SUB",
    "SUB * SUB",
    "SUB / SUB",
    "SUB // SUB",
    "SUB % SUB",
    "SUB & SUB",
    "i << (i & 63)",
    "SUB << 3",
    "SUB >> (i & 63)",
    "i + SUB",
    "i * SUB",
    "o.a + o.b",
    "o.a + due(i) + o.a",
    "(o.f(i), due(i), o.f(i))",
    "(G, due(i), G)",
    "o.f(due(i))",
    "(o.a, due(i), o.a, o.b)",
    "[o.ATTR, due(i), o.ATTR]",
    "[due(i) for k in R]",
    "-SUB",
    "not SUB",
    "SUB == SUB",
    "SUB < SUB",
    "SUB is None",
    "SUB in SUB",
    "i < SUB < 100",
    "SUB and SUB",
    "SUB or SUB",
    "SUB if SUB else SUB",
    "f'{SUB}-{i}'",
    "[k for k in SUB]",
    "[k.a for k in OBJECTS]",
    "{k: SUB for k in R}",
    "sum(k for k in generator_of(SUB))",
    "[*SUB]",
    "list(SUB)",
    "max(i, SUB)",
    "ALIVE.send(i)",
    "ALIVE.throw(ValueError('thrown'))",
    "next(ALIVE)",
    "[*generator(i & 3)]",
    "BUMP()",
    "drive(coroutine(i))",
    "drive(awaiting(o, i))",
    "Logged(i).value",
    "(lambda n=i: n + G)()",
    "getattr(o, 'ATTR', 'none')",
    "hasattr(o, 'ATTR')",
    "L.pop()",
    "L.append(i)",
    "D.pop('a', None)",
    "[*D]",
    "recursive(i & 7, o)",
];

/// Statements before a probe's end; they see and change `t`.
const STATEMENTS: &[&str] = &[
    "t = SUB",
    "t = SUB, SUB",
    "t = t + SUB",
    "t += i",
    "t += 2.5",
    "t += 'x'",
    "t -= SUB",
    "t *= 2",
    "o.a = GIVEN",
    "o.ATTR = GIVEN",
    "o.a += 1",
    "o.b += i",
    "del o.ATTR",
    "o.new = i",
    "if SUB: t = 1",
    "if o.ATTR: t = i",
    "for k in SUB: t = k",
    "for k in range(3): t = o.f(k)",
    "for k in R: t += k",
    "for k in D: due(i)",
    "for k in L: t = k; due(i)",
    "for k, v in D.items(): t = v; due(i)",
    "for k in generator(i & 3): t = k",
    "for k in generator_of(o): t = k; due(i)",
    "for k, v in enumerate(SUB): t = v",
    "for k, v in zip(L, T): t = v",
    "n = 0\n    while t < 3 and n < 9: t += 1; n += 1",
    "a, b = SUB",
    "a, b, *c = T; t = c",
    "global G; G = GIVEN",
    "global G; G += 1",
    "L[i % 3] = GIVEN",
    "D[i & 7] = GIVEN",
    "o[i] = SUB",
    "MODULE.a = i",
    "with Manager() as t: 1 / 0",
    "with o as t: pass",
    "try: t = SUB\n    except Exception as error: t = type(error)",
    "try: t = o.ATTR\n    except AttributeError: t = due(i)",
    "try: t = SUB\n    finally: due(i)",
    "assert t != SUB",
    "match SUB:\n        case int(): t = 'int'\n        case [a, b]: t = 'pair'\n        case A(a=1): t = 'A'\n        case {'a': a}: t = a",
    "t = i + 2**62 - 60",
    "t = (i - 60) * 2**61",
    "t = t + 1 if t == t else t",
];

/// What is kept from one iteration to the next: nothing that could double each time.
const GIVEN: &[&str] = &["i", "VALUE", "o.a", "o.b", "o.a + 1", "G", "i * 2.5", "L", "i + 2**62 - 60"];

/// What happens at some iteration. `MEMBER`, `SPECIAL` and `BUILTIN` stand for one of theirs.
const CHANGES: &[&str] = &[
    "G = VALUE",
    "CLASS.ATTR = VALUE",
    "CLASS.ATTR = MEMBER",
    "CLASS.f = MEMBER",
    "CLASS.a = MEMBER",
    "CLASS.a = VALUE",
    "del CLASS.ATTR",
    "del CLASS.f",
    "CLASS.SPECIAL",
    "del CLASS.__len__",
    "del CLASS.__getattr__",
    "del CLASS.__add__",
    "o.ATTR = VALUE",
    "o.f = function",
    "o.f = lambda n=0: ('own', n)",
    "o.p = VALUE",
    "o.d = VALUE",
    "del o.ATTR",
    "del o.a",
    "o.__dict__['ATTR'] = VALUE",
    "o.__dict__['d'] = VALUE",
    "o.__dict__ = {'a': VALUE}",
    "o.__dict__.clear()",
    "o.__dict__",
    "vars(o).update({str(k): k for k in R})",
    "o.__class__ = CLASS",
    "o.__class__ = B",
    "OBJECTS[0] = CLASS()",
    "OBJECTS[:] = OBJECTS[1:] + OBJECTS[:1]",
    "CLASS.__bases__ = (Base, Other)",
    "CLASS.__bases__ = (Other,)",
    "A.__bases__ = (Base,)",
    "B.__bases__ = (A,)",
    "B.__bases__ = (Other, A)",
    "Descriptor.__set__ = lambda self, instance, value: note('descriptor set')",
    "del Descriptor.__set__",
    "del Descriptor.__get__",
    "Descriptor.__get__ = lambda self, instance, owner=None: (instance is None)",
    "CLASS.d = Descriptor()",
    "GLOBAL = VALUE",
    "del GLOBAL",
    "GLOBAL = function",
    "len = lambda value: 99",
    "del len",
    "builtins.BUILTIN = lambda *values: 'shadowed'",
    "builtins.BUILTIN = SAVED['BUILTIN']",
    "builtins.new = VALUE",
    "function.__code__ = other_function.__code__",
    "function.__defaults__ = (7,)",
    "function.__defaults__ = None",
    "function.__kwdefaults__ = {'key': VALUE}",
    "Base.f.__code__ = (lambda self, n=0: ('code', n)).__code__",
    "Base.f.__defaults__ = (VALUE,)",
    "function = other_function",
    "MODULE.a = VALUE",
    "del MODULE.a",
    "MODULE.__dict__['a'] = VALUE",
    "STRICT.patch('a', VALUE)",
    "STRICT.patch('f', other_function)",
    "NAMES['a'] = VALUE",
    "NAMES['<assigned:a>'] = False",
    "NAMES['<assigned:f>'] = False",
    "NAMES['<assigned:a>'] = True",
    "NAMES.pop('<assigned:f>', None)",
    "NAMES.pop('f', None)",
    "NAMES['f'] = function",
    "super = lambda *values: Other()",
    "globals().pop('super', None)",
    "MODULE.__getattr__ = lambda name: name",
    "MODULE.__class__ = type('Special', (types.ModuleType,), {'a': property(lambda self: 'module')})",
    "L.append(VALUE)",
    "L.clear()",
    "L[:] = [VALUE, VALUE]",
    "L = [VALUE]",
    "T = (VALUE, VALUE)",
    "T = VALUE",
    "D['new'] = VALUE",
    "D.clear()",
    "D.update({k: k for k in range(50)})",
    "D = VALUE",
    "R = VALUE",
    "RESET(VALUE)",
    "ALIVE.throw(KeyError('thrown'))",
    "ALIVE.close()",
    "ALIVE = generator(2)",
    "raise ValueError('from a change')",
];

/// Choices made while a template is filled in, used up one after the other; they shrink towards the first of each table.
struct Choices<'a> {
    left: &'a [u16],
}

impl Choices<'_> {
    fn pick<'t>(&mut self, table: &'t [&'t str]) -> &'t str {
        let choice = match self.left.split_first() {
            Some((&first, rest)) => {
                self.left = rest;
                usize::from(first)
            }
            None => 0,
        };
        table[choice % table.len()]
    }

    /// The template with every word in capitals that stands for something put in its place.
    fn fill(&mut self, template: &str, depth: usize) -> String {
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, word, after)) = next_hole(rest) {
            text += before;
            text += &match word {
                "ATTR" => self.pick(ATTRIBUTES).to_owned(),
                "CLASS" => self.pick(CLASSES).to_owned(),
                "GLOBAL" => self.pick(GLOBALS).to_owned(),
                "BUILTIN" => self.pick(BUILTINS).to_owned(),
                "VALUE" => self.pick(VALUES).to_owned(),
                "GIVEN" => {
                    let template = self.pick(GIVEN);
                    self.fill(template, 0)
                }
                "MEMBER" => self.pick(MEMBERS).to_owned(),
                "SPECIAL" => self.pick(SPECIALS).to_owned(),
                _ => self.expression(depth),
            };
            rest = after;
        }
        text + rest
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.pick(&["i", "o", "t", "G", "o.a", "2.5", "L"]).to_owned();
        }
        let template = self.pick(EXPRESSIONS);
        self.fill(template, depth - 1)
    }
}

const HOLES: &[&str] = &["ATTR", "CLASS", "GLOBAL", "BUILTIN", "VALUE", "MEMBER", "SPECIAL", "GIVEN", "SUB"];

/// The first hole of a template, with what is before and after it.
fn next_hole(template: &str) -> Option<(&str, &str, &str)> {
    let found = HOLES.iter().filter_map(|hole| template.find(hole).map(|at| (at, hole.len())));
    let (at, len) = found.min()?;
    Some((&template[..at], &template[at..at + len], &template[at + len..]))
}

#[derive(Debug, Clone)]
struct Probe {
    statements: Vec<String>,
    result: String,
    /// Which objects it is called on: the first, two, or all.
    objects: usize,
}

#[derive(Debug, Clone)]
struct Change {
    iteration: usize,
    statement: String,
    object: usize,
}

#[derive(Clone)]
struct Program {
    probes: Vec<Probe>,
    changes: Vec<Change>,
}

fn filled(templates: &'static [&'static str], depth: usize) -> impl Strategy<Value = String> {
    (select(templates), prop::collection::vec(0..5000u16, 0..8)).prop_map(move |(template, choices)| Choices { left: &choices }.fill(template, depth))
}

fn program() -> impl Strategy<Value = Program> {
    let probe = (prop::collection::vec(filled(STATEMENTS, 2), 0..4), filled(EXPRESSIONS, 2), 1..=3usize);
    let probe = probe.prop_map(|(statements, result, objects)| Probe { statements, result, objects });
    let iteration = prop_oneof![3 => 0..ITERATIONS, 1 => Just(60usize), 1 => 45..56usize];
    let change = (iteration, filled(CHANGES, 0), 0..3usize);
    let change = change.prop_map(|(iteration, statement, object)| Change { iteration, statement, object });
    (prop::collection::vec(probe, 1..6), prop::collection::vec(change, 1..6)).prop_map(|(probes, changes)| Program { probes, changes })
}

/// Functions that some expressions call, and what runs it all.
const LOOP: &str = "
def generator_of(o):
    for k in R:
        yield o.a

async def awaiting(o, i):
    return o.a, await coroutine(i), o.f(i)

def recursive(n, o):
    return o.a if n == 0 else recursive(n - 1, o)

SAVED = {name: getattr(builtins, name) for name in ('len', 'abs', 'range', 'isinstance', 'type', 'sum', 'str')}

def due(i):
    for change in CHANGES.pop(i, ()):
        try:
            change(OBJECTS)
        except Exception as error:
            failed(error)
    return 0

def main():
    for i in SAVED['range'](ITERATIONS):
        for probe, count in PROBES:
            for o in OBJECTS[:count]:
                try:
                    note(show(probe(o, i)))
                except Exception as error:
                    failed(error)
        due(i)

main()
sys.stdout.write('\\n'.join(LOG))
LOG = None
";

impl Program {
    fn source(&self) -> String {
        let mut text = PRELUDE.to_owned();
        for (number, probe) in self.probes.iter().enumerate() {
            let _ = write!(text, "\n\ndef probe_{number}(o, i, t=0):\n");
            for statement in &probe.statements {
                let _ = writeln!(text, "    {statement}");
            }
            // `global` is wanted in front of any use, which these names are too short for to be worth the trouble.
            let _ = writeln!(text, "    return {}", probe.result);
        }
        for (number, change) in self.changes.iter().enumerate() {
            let globals = "global G, L, T, D, R, ALIVE, function, len, abs, range, new";
            let _ = write!(text, "\n\ndef change_{number}(OBJECTS):\n    {globals}\n");
            let _ = write!(text, "    o = OBJECTS[{} % SAVED['len'](OBJECTS)]\n    {}\n", change.object, change.statement);
        }
        let probes: Vec<String> = self.probes.iter().enumerate().map(|(number, probe)| format!("(probe_{number}, {})", probe.objects)).collect();
        let mut changes = std::collections::BTreeMap::<usize, Vec<String>>::new();
        for (number, change) in self.changes.iter().enumerate() {
            changes.entry(change.iteration).or_default().push(format!("change_{number}"));
        }
        let changes: Vec<String> = changes.iter().map(|(iteration, changes)| format!("{iteration}: [{}]", changes.join(", "))).collect();
        let _ = write!(text, "\n\nITERATIONS = {ITERATIONS}\nPROBES = [{}]\nCHANGES = {{{}}}\n", probes.join(", "), changes.join(", "));
        text + LOOP
    }
}

/// The program's own part alone: the rest is the same for all.
impl std::fmt::Debug for Program {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.source().strip_prefix(PRELUDE).expect("every program begins with it"))
    }
}

fn check(program: &Program) -> Result<(), TestCaseError> {
    let source = program.source();
    let with = |mode: &[&str]| run(scoria().args(["-I", "-S"]).args(mode.iter().flat_map(|option| ["-X", option])).arg("-"), source.as_bytes());
    let plain = with(MODES[0]);
    for mode in &MODES[1..] {
        same(&format!("{} against {}", mode.join(" "), MODES[0].join(" ")), &with(mode), &plain)?;
    }
    match std::env::var_os("REFERENCE_PYTHON") {
        Some(reference) => {
            let expected = run(Command::new(reference).args(["-I", "-S", "-"]).env("PYTHONHASHSEED", "0"), source.as_bytes());
            same("scoria against the reference", &without_places(plain), &without_places(expected))
        }
        None => Ok(()),
    }
}

/// Where exactly in the bytecode an exception came from is not the same in all interpreters.
fn without_places(outcome: Outcome) -> Outcome {
    let lines = outcome.stdout.lines().filter(|line| !line.starts_with('@'));
    // CPython looks at its deallocators first.
    let lines: Vec<String> = lines.map(|line| line.replace("deallocator differs from", "object layout differs from")).collect();
    Outcome { stdout: lines.join("\n"), ..outcome }
}

fn same(title: &str, got: &Outcome, expected: &Outcome) -> Result<(), TestCaseError> {
    if got == expected {
        return Ok(());
    }
    let (lines, wanted): (Vec<&str>, Vec<&str>) = (got.stdout.lines().collect(), expected.stdout.lines().collect());
    let at = lines.iter().zip(&wanted).position(|(line, want)| line != want).unwrap_or(lines.len().min(wanted.len()));
    Err(TestCaseError::fail(format!(
        "{title}: line {at} of {}: {:?}, not {:?}; status {}, not {}\n{}\n--\n{}",
        wanted.len(),
        lines.get(at),
        wanted.get(at),
        got.status,
        expected.status,
        got.stderr,
        expected.stderr
    )))
}

/// As many programs as take some twenty seconds in all; two tests, so that two processors share them.
fn explore(half: u8) {
    let config = ProptestConfig { failure_persistence: None, max_shrink_iters: 600, ..ProptestConfig::default() };
    let mut runner = match std::env::var_os("PROPTEST_CASES") {
        Some(_) => TestRunner::new(config),
        None => {
            let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[half; 32]);
            TestRunner::new_with_rng(ProptestConfig { cases: 100, ..config }, rng)
        }
    };
    if let Err(error) = runner.run(&program(), |program| check(&program)) {
        panic!("{error}");
    }
}

#[test]
fn modes_agree_whatever_changes() {
    explore(1);
}

#[test]
fn modes_agree_whatever_changes_again() {
    explore(2);
}
