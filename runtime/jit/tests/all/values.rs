//! What instructions compute.

use crate::machine::{shown, with_vm};
use object::Object;

/// A function of one instruction, on two values of these types.
fn of_two(ty: &str, instr: &str) -> String {
    format!(
        "fun f {{
  bb 0 {{
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    v2:{ty} = GuardType<{ty}> v0 fs0
    v3:{ty} = GuardType<{ty}> v1 fs0
    {instr}
  }}
  fs 0 = code 0 at 1 locals(v0, v1, _) stack()
}}"
    )
}

#[test]
fn tagged_ints() {
    let greatest = abi::tag::INT_MAX;
    let rows: &[(&str, i64, i64, &str)] = &[
        ("Add", 2, 3, "5"),
        ("Subtract", 2, 3, "-1"),
        ("Multiply", -4, 3, "-12"),
        ("FloorDivide", -7, 2, "-4"),
        ("FloorDivide", 7, -2, "-4"),
        ("FloorDivide", 6, -2, "-3"),
        ("Remainder", -7, 2, "1"),
        ("Remainder", 7, -3, "-2"),
        ("LeftShift", 3, 4, "48"),
        ("RightShift", -5, 1, "-3"),
        ("RightShift", -5, 100, "-1"),
        ("And", -4, 7, "4"),
        ("Or", 4, 3, "7"),
        ("Xor", 5, 1, "4"),
        // These leave, and the interpreter adds.
        ("Add", greatest, 1, "4611686018427387904"),
        ("Multiply", greatest, 2, "4611686018427387905"),
        ("FloorDivide", 1, 0, "1"),
    ];
    with_vm(|vm| {
        for &(op, a, b, expected) in rows {
            let instr = format!("v4:SmallInt = SmallIntBinaryOp<{op}> v2 v3 fs0\n    Return v4");
            let (a, b) = (Object::small_int(a), Object::small_int(b));
            assert_eq!(shown(vm, &of_two("SmallInt", &instr), &[a.borrow(), b.borrow()]), expected, "{op} {a:?} {b:?}");
        }
    });
}

#[test]
fn floats_in_words_and_on_the_heap() {
    let rows: &[(&str, f64, f64, &str)] = &[
        ("Add", 1.5, 2.25, "3.75"),
        ("Multiply", 1e200, 1e100, "1e+300"),
        ("Multiply", 1e300, 1e-300, "1.0"),
        ("Subtract", 0.5, 0.5, "0.0"),
        ("Multiply", -1.0, 0.0, "-0.0"),
        ("TrueDivide", 1.0, 4.0, "0.25"),
        ("TrueDivide", 1.0, 0.0, "'handled'"),
    ];
    with_vm(|vm| {
        for &(op, a, b, expected) in rows {
            let hir = of_two("FloatExact", &format!("v4:FloatExact = FloatBinaryOp<{op}> v2 v3 fs1\n    Return v4"));
            let hir = hir.replace("  fs 0", "  fs 1 = code 0 at 3 locals(v0, v1, _) stack(v0, v1) pops 2 covered\n  fs 0");
            let (a, b) = (vm.new_float(a), vm.new_float(b));
            assert_eq!(shown(vm, &hir, &[a.borrow(), b.borrow()]), expected, "{op}");
        }
    });
}

#[test]
fn items_of_lists() {
    let hir = "fun f {
  bb 0 {
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    v2:ListExact = GuardType<ListExact> v0 fs0
    v3:SmallInt = GuardType<SmallInt> v1 fs0
    v4:CInt64 = SmallIntUnbox v3
    v5:CInt64 = LoadLength v2
    v6:CInt64 = CheckBounds v4 v5 fs0
    v7:Object = LoadListItem v2 v6
    Return v7
  }
  fs 0 = code 0 at 1 locals(v0, v1, _) stack()
}";
    with_vm(|vm| {
        let item = vm.new_str("an item").into_object();
        let list = vm.new_list(vec![Object::none(), item]).into_object();
        for (index, expected) in [(1, "'an item'"), (-1, "'an item'"), (-2, "None"), (2, "'handled'")] {
            let index = Object::small_int(index);
            assert_eq!(shown(vm, hir, &[list.borrow(), index.borrow()]), expected);
        }
    });
}
