//! Small programs to readable listings.

#[path = "common/print.rs"]
mod print;

use bytecode::{Code, Constant};

fn compile(source: &str) -> Code {
    let parsed = ruff_python_parser::parse_module(source).expect("the test's source parses");
    compiler::compile_module(parsed.syntax(), source, &compiler::Options::new("test")).expect("the test's source compiles")
}

fn listing(source: &str) -> String {
    let mut out = String::new();
    print::write(&compile(source), &mut out);
    out
}

fn message(source: &str) -> String {
    let parsed = ruff_python_parser::parse_module(source).expect("the test's source parses");
    match compiler::compile_module(parsed.syntax(), source, &compiler::Options::new("test")) {
        Ok(_) => "compiles".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn functions_and_closures() {
    insta::assert_snapshot!(listing("def f(a, b=1, *c, d, **e):\n    def g():\n        return a\n    return g\n"));
}

#[test]
fn loops_and_conditions() {
    insta::assert_snapshot!(listing(
        "def f(x):\n    for i in x:\n        if i and not x or 1 < i < 3:\n            continue\n        break\n    else:\n        return 1\n    while x:\n        pass\n"
    ));
}

#[test]
fn try_except_finally() {
    insta::assert_snapshot!(listing("def f():\n    try:\n        a\n    except B as c:\n        return d\n    finally:\n        e\n"));
}

#[test]
fn with_statement() {
    insta::assert_snapshot!(listing("def f(x):\n    with x as y:\n        return y\n"));
}

#[test]
fn comprehensions_are_inlined() {
    insta::assert_snapshot!(listing("def f(x):\n    return [lambda: i for i in x if i], (j for j in x)\n"));
}

#[test]
fn classes() {
    insta::assert_snapshot!(listing("class A(B, k=1):\n    'doc'\n    x: int = 1\n    def f(self):\n        self.y = super().f()\n"));
}

#[test]
fn generators_and_coroutines() {
    insta::assert_snapshot!(listing("async def f(x):\n    async for i in x:\n        yield await i\n"));
}

#[test]
fn patterns() {
    insta::assert_snapshot!(listing(
        "def f(x):\n    match x:\n        case [1, *r, {'a': b, **k}] if r:\n            return b\n        case A(x=1) | None:\n            return 2\n        case _:\n            return 3\n"
    ));
}

#[test]
fn generics() {
    insta::assert_snapshot!(listing("type X[T: int = str] = list[T]\ndef f[T](x: T) -> T: ...\nclass C[*Ts]: ...\n"));
}

#[test]
fn strings() {
    insta::assert_snapshot!(listing("f'a{x!r:>{y}}{z=}' '{}'\nt'{x:y}'\n'%s-%5r' % (a, b)\n"));
}

#[test]
fn constants_are_folded() {
    insta::assert_snapshot!(listing("x = 2 ** 10 + -3 * 4, 'ab' * 2, (1, 2)[1], not 0\ny = [1, 2, 3]\nif a in {1, 2}: pass\n"));
}

#[test]
fn lone_surrogates_survive() {
    let code = compile("x = 'a\\ud800\\x41\\u00e9'\n");
    let text = code.constants.iter().find_map(|constant| match constant {
        Constant::Str(text) => Some(text.code_points().map(|point| point.to_u32()).collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(text, Some(vec![0x61, 0xd800, 0x41, 0xe9]));
}

#[test]
fn deep_trees_are_refused() {
    let source = format!("a{}", ".b".repeat(100_000));
    let handle = std::thread::Builder::new().stack_size(512 << 20).spawn(move || message(&source)).expect("a thread starts");
    assert!(handle.join().expect("nothing panics").contains("maximum recursion depth exceeded"));
}

#[test]
fn errors_have_cpythons_words() {
    let sources = [
        "return 1",
        "break",
        "def f(a, a): pass",
        "def f():\n  x = 1\n  global x",
        "def f():\n  nonlocal x",
        "x = *a",
        "def f(): await x",
        "class A: yield",
        "f(a=1, a=2)",
        "[i for i in (j := 1)]",
        "match x:\n  case [a, a]: pass",
        "import __debug__",
        "async def f():\n  yield 1\n  return 2",
    ];
    let report: Vec<String> = sources.iter().map(|source| format!("{source:?}: {}", message(source))).collect();
    insta::assert_snapshot!(report.join("\n"));
}
