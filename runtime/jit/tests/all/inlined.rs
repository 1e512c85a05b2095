//! What the interpreter gets where compiled code leaves within calls it inlined, and objects that are made only there.
//!
//! The bytecode of callees is that of the function: `a + b` at 3, with a handler, then returned. Where it is a caller, the addition stands for the call.

use crate::machine::{shown, with_vm};
use object::Object;

/// A frame for each of two inlined calls, or none, around the negation of `b`.
fn two_calls(has_frames: bool, covered: &str) -> String {
    let frames = |index: usize, state: usize| match has_frames {
        true => format!("v1{index}:Func[o{index}] = LoadConst<Func[o{index}]>\n    BeginInlinedFunction<o{index}> v1{index} fs{state}"),
        false => String::new(),
    };
    let end = if has_frames { "EndInlinedFunction" } else { "" };
    format!(
        "fun f {{
  bb 0 {{
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    {}
    {}
    v2:SmallInt = GuardType<SmallInt> v0 fs2
    v3:Object = UnaryOp<Negate> v1 fs3
    {end}
    {end}
    Return v3
  }}
  fs 0 = code 0 at 3 locals(v0, v1, _) stack(v0, v1) pops 2
  fs 1 = code 1 at 3 locals(v1, v0, _) stack(v0, v1) pops 2 parent fs0
  fs 2 = code 2 at 3 locals(v0, v1, _) stack(v1, v1) pops 2 covered parent fs1
  fs 3 = code 2 at {covered} locals(v0, v1, _) stack(v0, v1) pops 2 parent fs1
}}",
        frames(0, 0),
        frames(1, 1)
    )
}

#[test]
fn a_guard_leaves_two_inlined_calls() {
    with_vm(|vm| {
        for has_frames in [false, true] {
            let hir = two_calls(has_frames, "3 ");
            let (a, b) = (vm.new_str("a").into_object(), vm.new_str("b").into_object());
            // `b + b` of the innermost is returned through both callers.
            assert_eq!(shown(vm, &hir, &[a.borrow(), b.borrow()]), "'bb'");
            let (a, b) = (Object::small_int(1), Object::small_int(5));
            assert_eq!(shown(vm, &hir, &[a.borrow(), b.borrow()]), "-5");
            // The addition raises, and the innermost handles it.
            let (a, b) = (vm.new_str("a").into_object(), Object::none());
            assert_eq!(shown(vm, &hir, &[a.borrow(), b.borrow()]), "'handled'");
        }
    });
}

#[test]
fn an_exception_leaves_two_inlined_calls() {
    with_vm(|vm| {
        for has_frames in [false, true] {
            let (a, b) = (Object::small_int(1), vm.new_list(Vec::new()).into_object());
            assert_eq!(shown(vm, &two_calls(has_frames, "3 "), &[a.borrow(), b.borrow()]), "'handled'");
            // Nobody handles it where the innermost is not covered, but both of its callers are.
            assert_eq!(shown(vm, &two_calls(has_frames, "2 "), &[a.borrow(), b.borrow()]), "'handled'");
        }
    });
}

#[test]
fn objects_are_made_once() {
    let hir = "fun f {
  bb 0 {
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    v2:CInt64[7] = LoadConst<CInt64[7]>
    v3:TupleExact = VirtualObject<TupleExact> v0 v2
    v4:TupleExact = VirtualObject<TupleExact> v3 v3
    v5:ListExact = VirtualObject<ListExact> v4 v1 v0
    Deopt<\"test\"> fs0
  }
  fs 0 = code 0 at 4 locals(v0, v3, v5) stack(v5)
}";
    with_vm(|vm| {
        let (a, b) = (Object::small_int(1), Object::none());
        let made = crate::machine::run(vm, hir, &[a.borrow(), b.borrow()]).expect("nothing raises");
        assert_eq!(vm.repr_text(made.borrow()).expect("numbers can be shown"), "[((1, 7), (1, 7)), None, 1]");
    });
}

#[test]
fn iterators_are_made_where_they_are() {
    let hir = |ty: &str, parts: &str| {
        format!(
            "fun f {{
  bb 0 {{
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    v2:SmallInt = GuardType<SmallInt> v1 fs0
    v3:CInt64 = SmallIntUnbox v2
    v4:CInt64[2] = LoadConst<CInt64[2]>
    v5:CInt64[9] = LoadConst<CInt64[9]>
    v6:{ty} = VirtualObject<{ty}> {parts}
    Deopt<\"test\"> fs1
  }}
  fs 0 = code 0 at 1 locals(v0, v1, _) stack()
  fs 1 = code 0 at 4 locals(v0, v1, _) stack(v6)
}}"
        )
    };
    with_vm(|vm| {
        let items = || vec![Object::small_int(5), Object::small_int(6), Object::small_int(7)];
        let (list, tuple, one) = (vm.new_list(items()).into_object(), vm.new_tuple(items()).into_object(), Object::small_int(1));
        for (ty, parts, over, rest) in [
            ("ListIterator", "v0 v3", &list, "[6, 7]"),
            ("TupleIterator", "v0 v3", &tuple, "[6, 7]"),
            ("RangeIterator", "v3 v5 v4", &list, "[1, 3, 5, 7]"),
            ("Range", "v3 v5 v4", &list, "[1, 3, 5, 7]"),
        ] {
            let made = crate::machine::run(vm, &hir(ty, parts), &[over.borrow(), one.borrow()]).expect("nothing raises");
            let mut left = Vec::new();
            let iterator = vm.iter(made.borrow()).expect("what was made can be iterated over");
            while let Ok(Some(item)) = vm.next(iterator.borrow()) {
                left.push(item);
            }
            let left = vm.new_list(left).into_object();
            assert_eq!(vm.repr_text(left.borrow()).expect("numbers can be shown"), rest, "{ty}");
        }
    });
}
