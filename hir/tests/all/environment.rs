//! The environment that tests of passes run in: a few classes, functions, natives.

use hir::environment::{KnownClass, KnownFunction, KnownNative, NativeKind};
use hir::instr::AssumptionId;
use hir::types::{ClassId, ClassInfo, Classes, ObjectId, ObjectInfo, ShapeInfo};
use hir::{CodeId, Preloaded, Type, text, ty};
use std::sync::Arc;

/// Class 0 is Python's `C` with shapes 0 and 1, class 1 is `list`. Objects: 0 a string, 1 to 6 the functions of [`BODIES`], 7 `len`, 8 `list`, 9 `list.append`, 10 `C`, 11
/// `abs`, 12 `type`, 13 `range`,
/// 14 `enumerate`.
pub fn classes() -> Classes {
    let mut classes = Classes::default();
    let class = classes.add_class(ClassInfo::user("C", vec![]));
    classes.add_class(ClassInfo { name: "list".to_owned(), mro: vec![], exact: ty::ListExact, instances: ty::List, is_leaf: true });
    classes.add_shape(ShapeInfo { number: 1, class });
    classes.add_shape(ShapeInfo { number: 2, class });
    let mut add = |name: &str, ty: Type| {
        classes.add_object(ObjectInfo { name: name.to_owned(), ty, class: None });
    };
    add("'text'", ty::UnicodeExact);
    (1..=6).for_each(|number| add(&format!("f{number}"), ty::Func));
    add("len", ty::BuiltinFunction);
    add("list", ty::TypeExact);
    add("list.append", ty::BuiltinFunction);
    add("C", ty::TypeExact);
    add("abs", ty::BuiltinFunction);
    add("type", ty::TypeExact);
    add("range", ty::TypeExact);
    add("enumerate", ty::TypeExact);
    classes
}

/// What functions 1 to 6 do: add one; choose; call the first; call itself; look at its closure; never return.
const BODIES: [&str; 6] = [
    "fun m:add {
  bb 0 {
    v0:Object = LoadArg<0, \"x\", Object>
    v1:SmallInt[1] = LoadConst<SmallInt[1]>
    Snapshot fs0
    v2:Object = BinaryOp<Add> v0 v1 fs0
    Return v2
  }
  fs 0 = code 1 at 2 locals(v0) stack(v0, v1) pops 2
}",
    "fun m:choose {
  bb 0 {
    v0:Object = LoadArg<0, \"x\", Object>
    v1:Object = LoadArg<1, \"y\", Object>
    v2:CBool = Is v0 v1
    CondBranch<1, 2> v2
  }
  bb 1 (preds 0) {
    v3:SmallInt[7] = LoadConst<SmallInt[7]>
    Return v3
  }
  bb 2 (preds 0) {
    Return v1
  }
}",
    "fun m:outer {
  bb 0 {
    EntrySwitch<start: 1, 9: 2>
  }
  bb 1 (preds 0) {
    v0:Object = LoadArg<0, \"x\", Object>
    v1:Func[o1] = LoadConst<Func[o1]>
    Snapshot fs0
    v2:Object = CallFunction<o1, Object> v1 v0 fs0
    Return v2
  }
  bb 2 (preds 0) {
    v3:Object = LoadFrameSlot<0, Object>
    Return v3
  }
  fs 0 = code 3 at 3 locals(v0) stack(v1, v0) pops 2
}",
    "fun m:itself {
  bb 0 {
    v0:Object = LoadArg<0, \"x\", Object>
    v1:Func = LoadCurrentFunction
    Snapshot fs0
    v2:Object = CallFunction<o4, Object> v1 v0 fs0
    Return v2
  }
  fs 0 = code 4 at 3 locals(v0) stack(v1, v0) pops 2
}",
    "fun m:inner {
  bb 0 {
    v0:Cell = LoadClosureCell<0>
    Return v0
  }
}",
    "fun m:raises {
  bb 0 {
    v0:Object = LoadArg<0, \"x\", Object>
    RaiseVarargs v0 fs0
  }
  fs 0 = code 6 at 3 locals(v0) stack(v0) pops 1
}",
];

pub fn preloaded(classes: &Arc<Classes>) -> Preloaded {
    let mut preloaded = Preloaded { classes: classes.clone(), ..Preloaded::default() };
    for (index, body) in BODIES.iter().enumerate() {
        let number = index as u32 + 1;
        let body = text::parse(body, classes.clone()).map_err(|error| error.to_string()).expect("a body");
        preloaded.bodies.insert(CodeId(number), Arc::new(body));
        let known = KnownFunction {
            code: Some(CodeId(number)),
            assumption: Some(AssumptionId(number)),
            simple_arguments: Some(if number == 2 { 2 } else { 1 }),
            defaults: vec![],
            keyword_only: Vec::new(),
            takes_rest: false,
            takes_keywords: false,
            returns: ty::Object,
        };
        preloaded.functions.insert(ObjectId(number), known);
    }
    let native = |kind: NativeKind, arguments: u32, leaf_arguments: Vec<Type>, returns: Type| KnownNative {
        kind,
        arguments,
        returns,
        is_leaf: !leaf_arguments.is_empty(),
        leaf_arguments,
    };
    preloaded.natives.insert(ObjectId(7), native(NativeKind::Len, 1, vec![], ty::Object));
    preloaded.natives.insert(ObjectId(9), native(NativeKind::ListAppend, 2, vec![], ty::Object));
    preloaded.natives.insert(ObjectId(11), native(NativeKind::Other, 1, vec![ty::LongExact], ty::Object));
    preloaded.natives.insert(ObjectId(12), native(NativeKind::TypeOf, 1, vec![], ty::Type));
    preloaded.natives.insert(ObjectId(13), native(NativeKind::Range, 1, vec![], ty::Range));
    preloaded.natives.insert(ObjectId(14), native(NativeKind::Enumerate, 0, vec![], ty::Enumerate));
    preloaded.known_classes.insert(ObjectId(8), KnownClass { class: ClassId(1), construction: None });
    preloaded.known_classes.insert(ObjectId(10), KnownClass { class: ClassId(0), construction: None });
    preloaded.builtin_methods.insert((ClassId(1), "append".to_owned()), ObjectId(9));
    preloaded
}
