//! What the interpreter gets where compiled code leaves.

use crate::machine::{shown, with_vm};
use object::Object;

#[test]
fn values_in_registers_slots_and_constants_reach_the_frame() {
    // The exit leads to the addition, with operands on the stack.
    let hir = "fun f {
  bb 0 {
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    v2:SmallInt[40] = LoadConst<SmallInt[40]>
    v3:Object = BinaryOp<Add> v0 v1 fs1
    Deopt<\"test\"> fs0
  }
  fs 0 = code 0 at 3 locals(v0, v1, v3) stack(v3, v2)
  fs 1 = code 0 at 3 locals(v0, v1, _) stack(v0, v1) pops 2 covered
}";
    with_vm(|vm| {
        let (a, b) = (Object::small_int(1), Object::small_int(1));
        assert_eq!(shown(vm, hir, &[a.borrow(), b.borrow()]), "42");
        // The addition of texts succeeds, that of text and number in the interpreter is handled there.
        let (a, b) = (vm.new_str("a").into_object(), vm.new_str("b").into_object());
        assert_eq!(shown(vm, hir, &[a.borrow(), b.borrow()]), "'handled'");
    });
}

#[test]
fn machine_values_are_boxed() {
    let hir = "fun f {
  bb 0 {
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    v2:SmallInt = GuardType<SmallInt> v0 fs0
    v3:FloatExact = GuardType<FloatExact> v1 fs0
    v4:CInt64 = SmallIntUnbox v2
    v5:CDouble = FloatUnbox v3
    v6:CDouble = DoubleBinaryOp<Add> v5 v5
    v7:CInt64 = IntBinaryOp<Add> v4 v4
    Deopt<\"test\"> fs1
  }
  fs 0 = code 0 at 1 locals(v0, v1, _) stack()
  fs 1 = code 0 at 3 locals(v0, v1, _) stack(v7, v6)
}";
    with_vm(|vm| {
        let (a, b) = (Object::small_int(3), vm.new_float(0.25));
        assert_eq!(shown(vm, hir, &[a.borrow(), b.borrow()]), "6.5");
    });
}

#[test]
fn a_raised_exception_is_handled_by_the_interpreter() {
    let hir = |covered: &str, at: u32| {
        format!(
            "fun f {{
  bb 0 {{
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    v2:Object = BinaryOp<Subtract> v0 v1 fs0
    Return v2
  }}
  fs 0 = code 0 at {at} locals(v0, v1, _) stack(v0, v1) pops 2 {covered}
}}"
        )
    };
    with_vm(|vm| {
        let (a, b) = (vm.new_str("a").into_object(), vm.new_list(Vec::new()).into_object());
        assert_eq!(shown(vm, &hir("covered", 3), &[a.borrow(), b.borrow()]), "'handled'");
        assert_eq!(shown(vm, &hir("", 2), &[a.borrow(), b.borrow()]), "TypeError: unsupported operand type(s) for -: 'str' and 'list'");
    });
}

#[test]
fn a_guard_leaves_with_nothing_done() {
    let hir = "fun f {
  bb 0 {
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    v2:UnicodeExact = GuardType<UnicodeExact> v1 fs0
    Return v2
  }
  fs 0 = code 0 at 8 locals(v0, v1, v0) stack()
}";
    with_vm(|vm| {
        let (text, list) = (vm.new_str("text").into_object(), vm.new_list(Vec::new()).into_object());
        assert_eq!(shown(vm, hir, &[list.borrow(), text.borrow()]), "'text'");
        assert_eq!(shown(vm, hir, &[text.borrow(), list.borrow()]), "'text'");
        assert_eq!(shown(vm, hir, &[list.borrow(), Object::none().borrow()]), "[]");
    });
}

#[test]
fn an_unset_local_stays_unset() {
    let hir = "fun f {
  bb 0 {
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    Deopt<\"test\"> fs0
  }
  fs 0 = code 0 at 8 locals(v0, v1, _) stack()
}";
    with_vm(|vm| {
        let (a, b) = (Object::none(), vm.new_list(Vec::new()).into_object());
        let expected = "UnboundLocalError: cannot access local variable 'x' where it is not associated with a value";
        assert_eq!(shown(vm, hir, &[a.borrow(), b.borrow()]), expected);
    });
}
