//! Instructions that note what they see as they run: attributes and calls of what was not known.

use crate::machine::{compiled, shown_of, with_vm};
use object::{Object, Vm};

const LOAD: &str = "fun f {
  bb 0 {
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    v2:Object = LoadAttr<\"name\"> v0 fs0
    Return v2
  }
  fs 0 = code 0 at 1 locals(v0, v1, _) stack()
}";

const STORE: &str = "fun f {
  bb 0 {
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    StoreAttr<\"name\"> v1 v0 fs0
    Return v1
  }
  fs 0 = code 0 at 1 locals(v0, v1, _) stack()
}";

const METHOD: &str = "fun f {
  bb 0 {
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    v2:Object = LoadMethod<\"append\"> v0 fs0
    v3:OptObject = GetSecondOutput<OptObject> v2
    v4:Object = CallMethod v2 v3 v1 fs0
    v5:Object = LoadAttr<\"append\"> v0 fs0
    v6:Object = VectorCall v5 v1 fs0
    Return v6
  }
  fs 0 = code 0 at 1 locals(v0, v1, _) stack()
}";

const CALL: &str = "fun f {
  bb 0 {
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    v2:Object = VectorCall v0 v1 v1 fs0
    Return v2
  }
  fs 0 = code 0 at 1 locals(v0, v1, _) stack()
}";

const ADD: &str = "fun f {
  bb 0 {
    v0:Object = LoadArg<0, \"a\", Object>
    v1:Object = LoadArg<1, \"b\", Object>
    v2:Object = BinaryOp<Add> v0 v1 fs0
    Return v2
  }
  fs 0 = code 0 at 1 locals(v0, v1, _) stack()
}";

fn namespace(vm: &mut Vm) -> Object {
    builtins::namespace::new_namespace(vm).expect("there is memory")
}

#[test]
fn attributes_are_found_where_they_were_and_elsewhere() {
    with_vm(|vm| {
        let (load, store) = (compiled(vm, LOAD), compiled(vm, STORE));
        let (first, second, number) = (namespace(vm), namespace(vm), Object::small_int(7));
        for value in 0..3 {
            let value = Object::small_int(value);
            shown_of(vm, &store, &[first.borrow(), value.borrow()]);
            assert_eq!(shown_of(vm, &load, &[first.borrow(), number.borrow()]), format!("{:?}", value.borrow().as_small_int().unwrap()));
        }
        let half = vm.new_float(0.5);
        assert_eq!(shown_of(vm, &store, &[second.borrow(), half.borrow()]), "0.5");
        assert_eq!(shown_of(vm, &load, &[second.borrow(), number.borrow()]), "0.5");
        let error = "AttributeError: 'int' object has no attribute 'name'";
        assert_eq!(shown_of(vm, &load, &[number.borrow(), number.borrow()]), error);
        let error = "AttributeError: 'int' object has no attribute 'name' and no __dict__ for setting new attributes";
        assert_eq!(shown_of(vm, &store, &[number.borrow(), half.borrow()]), error);
    });
}

#[test]
fn methods_are_bound() {
    with_vm(|vm| {
        let append = compiled(vm, METHOD);
        let (list, tuple, item) = (vm.new_list(Vec::new()).into_object(), vm.new_tuple([]).into_object(), Object::small_int(1));
        for _ in 0..3 {
            assert_eq!(shown_of(vm, &append, &[list.borrow(), item.borrow()]), "None");
        }
        assert_eq!(vm.repr_text(list.borrow()).unwrap_or_default(), "[1, 1, 1, 1, 1, 1]");
        assert_eq!(shown_of(vm, &append, &[tuple.borrow(), item.borrow()]), "AttributeError: 'tuple' object has no attribute 'append'");
    });
}

#[test]
fn functions_are_entered_directly_and_nothing_else_is() {
    with_vm(|vm| {
        let (call, add, load) = (compiled(vm, CALL), compiled(vm, ADD), compiled(vm, LOAD));
        let (number, text) = (Object::small_int(21), vm.new_str("ab").into_object());
        for _ in 0..3 {
            assert_eq!(shown_of(vm, &call, &[add.borrow(), number.borrow()]), "42");
            assert_eq!(shown_of(vm, &call, &[add.borrow(), text.borrow()]), "'abab'");
            let error = "AttributeError: 'str' object has no attribute 'name'";
            assert_eq!(shown_of(vm, &call, &[load.borrow(), text.borrow()]), error);
        }
        let class = object::str::STR.to_object();
        assert!(shown_of(vm, &call, &[class.borrow(), number.borrow()]).starts_with("TypeError"));
        assert_eq!(shown_of(vm, &call, &[number.borrow(), number.borrow()]), "TypeError: 'int' object is not callable");
        jit::compile::uncompile(add.borrow().downcast::<interp::Function>().expect("it is a function").get().code());
        assert_eq!(shown_of(vm, &call, &[add.borrow(), number.borrow()]), "42");
    });
}
