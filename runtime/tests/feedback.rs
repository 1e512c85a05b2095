//! Type feedback: what is said of instructions that have run, and that it goes with what it was about.
//!
//! There is one runtime in a process, so that all cases are one test.

use interp::Function;
use interp::compile_hook::Mode;
use interp::shadow::{self, feedback::Feedback, feedback::Seen};
use object::Object;
use object::dict::Dict;
use runtime::{Configuration, Runtime, STACK_SIZE};

/// A program with a function `f`, and what instructions of `f` with a record then show, in order.
type Case = (&'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    ("def f(a, b): return a + b\nfor i in range(60): f(i, 1)", &["BINARY_OP: int, int"]),
    ("def f(a, b): return a * b\nfor i in range(60): f(i + 0.5, 1.5)", &["BINARY_OP: float, float"]),
    ("def f(a, b): return a + b\nfor i in range(60): f('a', 'b')", &["BINARY_OP: str, str"]),
    ("def f(a, b): return a[b]\nfor i in range(60): f([1], 0)", &["BINARY_OP: list, int"]),
    ("def f(a, b): return a[b]\nfor i in range(60): f((1,), 0)", &["BINARY_OP: tuple, int"]),
    ("def f(a, b): return a[b]\nfor i in range(60): f({'k': 1}, 'k')", &["BINARY_OP: dict, str"]),
    ("def f(a, b): return a[b]\nfor i in range(60): f({1: 1}, 1)", &["BINARY_OP: dict, int"]),
    ("def f(a, b): a[b] = 1\nfor i in range(60): f([1], 0)", &["STORE_SUBSCR: list, int"]),
    ("def f(a, b): return a < b\nfor i in range(60): f(1.5, 2)", &["COMPARE_OP: float, int"]),
    ("def f(a, b): return a + b\nfor i in range(60): f(1, 2); f(1.5, 2.5)", &["BINARY_OP: megamorphic"]),
    ("def f(a):\n    for i in a: pass\nfor i in range(60): f(range(3))", &["FOR_ITER: range_iterator"]),
    ("def f(a):\n    for i in a: pass\nfor i in range(60): f([1])", &["FOR_ITER: list_iterator"]),
    ("def f(a):\n    for i in a: pass\nfor i in range(60): f((1,))", &["FOR_ITER: tuple_iterator"]),
    ("def f(a):\n    for i in a: pass\nfor i in range(60): f(i for i in ())", &["FOR_ITER: generator"]),
    ("def f(a):\n    for i, j in a: pass\nfor i in range(60): f(enumerate([1]))", &["FOR_ITER: enumerate", "UNPACK_SEQUENCE: tuple, ?"]),
    ("def f(a):\n    i, j = a\nfor i in range(60): f((1, 2))", &["UNPACK_SEQUENCE: tuple, ?"]),
    ("def f(a):\n    i, j, k = a\nfor i in range(60): f([1, 2, 3])", &["UNPACK_SEQUENCE: list, ?"]),
    ("def f(a):\n    i, j = a\nfor i in range(60): f('ab')", &["UNPACK_SEQUENCE: str, str"]),
    ("def f(a, b): return a in b\nfor i in range(60): f('a', {})", &["CONTAINS_OP: ?, dict"]),
    ("def f(a, b): return a in b\nfor i in range(60): f('a', set())", &["CONTAINS_OP: ?, set"]),
    ("def f(a, b): return a in b\nfor i in range(60): f('a', 'abc')", &["CONTAINS_OP: str, str"]),
    ("def f(a):\n    if a: pass\nfor i in range(60): f(None)", &["TO_BOOL: NoneType, ?"]),
    ("def f(a):\n    if a: pass\nfor i in range(60): f(i > 5)", &["TO_BOOL: bool, ?"]),
    ("def f(a):\n    if a: pass\nfor i in range(60): f('a')", &["TO_BOOL: str, ?"]),
    ("def f(a):\n    if a: pass\nfor i in range(60): f([])", &["TO_BOOL: list, ?"]),
    ("def f(a):\n    if a: pass\nfor i in range(60): f({})", &["TO_BOOL: dict, dict"]),
    ("def f(a): return len(a)\nfor i in range(60): f([1])", &["LOAD_GLOBAL: builtin len", "CALL: calls len"]),
    ("def g(): pass\ndef f(): return g()\nfor i in range(60): f()", &["LOAD_GLOBAL: global g", "CALL: calls g"]),
    ("def g(): pass\ndef f(): return g()\nfor i in range(60): f()\ng = len", &["LOAD_GLOBAL: global len", "CALL: calls len"]),
    ("import sys as m\ndef f(): return m.path\nfor i in range(60): f()", &["LOAD_GLOBAL: global module", "LOAD_ATTR: module: list"]),
    (
        "from cinderx import StrictModule\nm = StrictModule({'__name__': 'm', 'g': len}, False)\ndef f(): return m.g(())\nfor i in range(60): f()",
        &["LOAD_GLOBAL: global StrictModule", "LOAD_ATTR: strict module: len", "CALL: calls len"],
    ),
    (
        "class A:\n    def m(self): pass\nclass B(A):\n    def f(self): return super().m()\nfor i in range(60): B().f()\nf = B.f",
        &["LOAD_GLOBAL: builtin", "LOAD_SUPER_ATTR: B behind B method A.m", "CALL: calls A.m"],
    ),
    (
        "class A:\n    m = 1\nclass B(A):\n    def f(self): return super().m\nclass C(B): pass\nfor i in range(60): B().f(); C().f()\nf = B.f",
        &["LOAD_GLOBAL: builtin", "LOAD_SUPER_ATTR: C behind B value int | B behind B value int"],
    ),
    (
        "class A:\n    m = 1\nclass B(A):\n    def f(self): return super().m\nfor i in range(60): B().f()\nf = B.f\nA.m = 2",
        &["LOAD_GLOBAL: builtin", "LOAD_SUPER_ATTR: megamorphic"],
    ),
    (
        "class A: pass\nclass B(A):\n    def __new__(cls): return super().__new__(cls)\nfor i in range(60): B()\nf = B.__new__",
        &["LOAD_GLOBAL: builtin", "LOAD_SUPER_ATTR: class B behind B value __new__", "CALL: calls __new__"],
    ),
    ("class C:\n    v = 1\ndef f(): return C.v\nfor i in range(60): f()", &["LOAD_GLOBAL: global class C", "LOAD_ATTR: class C: int"]),
    ("class C:\n    def __init__(self): self.x = 1\ndef f(o): return o.x\nfor i in range(60): f(C())", &["LOAD_ATTR: C(x) at 24"]),
    ("class C:\n    def m(self): pass\ndef f(o): return o.m()\nfor i in range(60): f(C())", &["LOAD_ATTR: C method C.m", "CALL: calls C.m"]),
    ("class C:\n    v = 1\ndef f(o): return o.v\nfor i in range(60): f(C())", &["LOAD_ATTR: C value int"]),
    ("class C:\n    @property\n    def p(self): pass\ndef f(o): return o.p\nfor i in range(60): f(C())", &["LOAD_ATTR: C function C.p"]),
    (
        "class C:\n    @classmethod\n    def m(cls): pass\ndef f(): return C.m()\nfor i in range(60): f()",
        &["LOAD_GLOBAL: global class C", "LOAD_ATTR: class C method C.m", "CALL: calls C.m"],
    ),
    (
        "class C:\n    @staticmethod\n    def m(): pass\ndef f(o): return o.m()\nfor i in range(60): f(C())",
        &["LOAD_ATTR: C value C.m", "CALL: calls C.m"],
    ),
    (
        "class C:\n    @staticmethod\n    def m(): pass\ndef f(): return C.m()\nfor i in range(60): f()",
        &["LOAD_GLOBAL: global class C", "LOAD_ATTR: class C: C.m", "CALL: calls C.m"],
    ),
    (
        "class A:\n    def __init__(self): self.x = 1\nclass B(A): pass\nclass C(A): pass\nobjects = [A(), B(), C()]\ndef f(o): o.x = 2\nfor i in range(60): f(objects[i % 3])",
        &["STORE_ATTR: B(x) at 24 | C(x) at 24 | A(x) at 24"],
    ),
    ("class C: pass\ndef f(o): o.x = 1\nfor i in range(60): f(C())", &["STORE_ATTR: C added at 24"]),
    ("class C:\n    def __init__(self): self.x = 0\ndef f(o): o.x = 1\nfor i in range(60): f(C())", &["STORE_ATTR: C(x) at 24"]),
    (
        "class A:\n    def __init__(self): self.x = 1\nclass B(A): pass\nclass C(A): pass\nobjects = [A(), B(), C()]\ndef f(o): return o.x\nfor i in range(60): f(objects[i % 3])",
        &["LOAD_ATTR: B(x) at 24 | C(x) at 24 | A(x) at 24"],
    ),
    (
        "class A:\n    def __init__(self): self.x = 1\nobjects = [type(f'C{i}', (A,), {})() for i in range(9)]\ndef f(o): return o.x\nfor i in range(90): f(objects[i % 9])",
        &["LOAD_ATTR: megamorphic"],
    ),
    // What has changed is not said any more.
    ("class C:\n    def m(self): pass\ndef f(o): return o.m()\nfor i in range(60): f(C())\nC.m = len", &["LOAD_ATTR: never run"]),
    (
        "class C:\n    v = 1\ndef f(): return C.v\nfor i in range(60): f()\ndel C\nimport gc; gc.collect()",
        &["LOAD_GLOBAL: global", "LOAD_ATTR: never run"],
    ),
    // Code that is not hot, and what it has not come to.
    (
        "def f(a): return a + 1\nf(1)",
        &["RESUME: never run", "LOAD_FAST_BORROW: never run", "LOAD_SMALL_INT: never run", "BINARY_OP: never run", "RETURN_VALUE: never run"],
    ),
    ("def f(a):\n    if a: return a + 1\nfor i in range(60): f(0)", &["TO_BOOL: int, ?", "BINARY_OP: never run"]),
];

fn shown(runtime: &mut Runtime, program: &str) -> Vec<String> {
    let namespace = runtime.vm.new_dict();
    let Ok(builtins) = runtime.vm.import("builtins") else { panic!("there are builtins") };
    namespace.borrow().set_str(&mut runtime.vm, "__builtins__", builtins);
    let namespace: Object = namespace.into_object();
    assert!(runtime.run_text(program, "<test>", Mode::Exec, namespace.clone()).is_ok(), "{program}");
    let dict = namespace.borrow().downcast::<Dict>().expect("it is a dict");
    let f = dict.get_str(&runtime.vm, "f").expect("there is f").to_owned();
    let function = f.borrow().downcast::<Function>().expect("f is a function").get();
    let feedback = Feedback::of_function(function);
    let instructions = function.code().data.instructions.iter().zip(feedback.iter());
    let recorded = instructions.filter(|(_, seen)| !matches!(seen, Seen::Unrecorded));
    recorded.map(|(instruction, seen)| format!("{}: {seen}", instruction.opcode().map_or("?", |opcode| opcode.name()))).collect()
}

fn check() {
    let mut runtime = Runtime::start(&Configuration::default()).expect("the runtime starts");
    shadow::set_threshold(20);
    for (program, expected) in CASES {
        assert_eq!(&shown(&mut runtime, program), expected, "{program}");
    }
    // Without room for several classes a site becomes general at once.
    shadow::set_polymorphic(false);
    let program = "class A:\n    def __init__(self): self.x = 1\nclass B(A): pass\ndef f(o): return o.x\na, b = A(), B()\nfor i in range(60): f(b if i % 2 else a)";
    assert_eq!(shown(&mut runtime, program), ["LOAD_ATTR: megamorphic"]);
    runtime.finish();
}

#[test]
fn feedback_says_what_instructions_have_seen() {
    let thread = std::thread::Builder::new().stack_size(STACK_SIZE).spawn(check).expect("there are threads");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}
