//! Instructions that are functions from the evaluation stack to the evaluation stack.
//!
//! They stay in their frame and go on with the next instruction, and they are too long or too rare to be worth
//! a place in the loop or a handler of their own: the loop and shadowcode's one handler for all of them call
//! them through [`STEPS`].

use super::{calls, exceptions, intrinsics, matching, name_at, names, take_values};
use crate::frame::{Frame, take};
use crate::{async_generator, compiled, generator};
use bytecode::Opcode;
use object::dict::Dict;
use object::native::flag;
use object::str::Str;
use object::{Object, PyResult, Ref, Vm};

/// What an instruction did: the stack's new top, and whether it raised. What is left on the stack is the caller's.
#[must_use]
pub(crate) struct Stepped {
    pub sp: *mut u64,
    pub result: PyResult<()>,
}

/// Runs an instruction with this operand.
///
/// # Safety
///
/// The frame is the innermost one, its `ip` is at the instruction and `sp` is its stack's top.
pub(crate) type Step = unsafe fn(vm: &mut Vm, frame: *mut Frame, sp: *mut u64, arg: u32) -> Stepped;

/// The evaluation stack of a frame, by its top. The verifier made sure that it neither under- nor overflows.
struct Stack(*mut u64);

impl Stack {
    #[inline(always)]
    unsafe fn push(&mut self, value: Object) {
        // SAFETY: the stack's depth was verified.
        unsafe {
            self.0.write(value.into_raw());
            self.0 = self.0.add(1);
        }
    }

    #[inline(always)]
    unsafe fn push_or_null(&mut self, value: Option<Object>) {
        // SAFETY: as above.
        unsafe {
            self.0.write(value.map_or(0, Object::into_raw));
            self.0 = self.0.add(1);
        }
    }

    #[inline(always)]
    unsafe fn pop(&mut self) -> Object {
        // SAFETY: as above; the reference is taken over.
        unsafe {
            self.0 = self.0.sub(1);
            Object::from_raw(*self.0).expect(super::NO_VALUE)
        }
    }

    /// The `n`th value from the top, counted from one. It is there until it is popped.
    #[inline(always)]
    unsafe fn top<'a>(&self, n: u32) -> Ref<'a> {
        // SAFETY: as above.
        unsafe { Ref::from_bits(*self.0.sub(n as usize)) }
    }

    /// Replaces the `n`th value from the top.
    #[inline(always)]
    unsafe fn set_top(&mut self, n: u32, value: Object) {
        // SAFETY: as above.
        unsafe { drop(Object::from_raw(std::mem::replace(&mut *self.0.sub(n as usize), value.into_raw()))) }
    }

    /// Drops the top `n` values, the last one first.
    #[inline(always)]
    unsafe fn drop_top(&mut self, n: u32) {
        for _ in 0..n {
            // SAFETY: as above.
            drop(unsafe { self.pop() });
        }
    }

    /// Moves the top `n` values off the stack.
    unsafe fn take(&mut self, n: u32) -> Vec<Object> {
        // SAFETY: as above.
        unsafe {
            let values = take_values(self.0, n as usize);
            self.0 = self.0.sub(n as usize);
            values
        }
    }
}

/// Declares the instructions: function, opcode, names for machine, frame, stack and operand, what it does.
macro_rules! steps {
    ($($name:ident $opcode:ident ($vm:ident $frame:ident $stack:ident $arg:ident) $body:block)*) => {
        $(
            unsafe fn $name(vm: &mut Vm, frame: *mut Frame, sp: *mut u64, arg: u32) -> Stepped {
                #[inline(always)]
                #[allow(unused_variables, reason = "instructions have all parameters in common")]
                unsafe fn run($vm: &mut Vm, $frame: *mut Frame, $stack: &mut Stack, $arg: u32) -> PyResult<()> {
                    // SAFETY: the caller of a `Step` vouches for frame and stack; code is verified.
                    #[allow(unused_unsafe, reason = "a part of an instruction may be unsafe in itself")]
                    unsafe {
                        $body
                        Ok(())
                    }
                }
                let mut stack = Stack(sp);
                // SAFETY: the caller's promise.
                let result = unsafe { run(vm, frame, &mut stack, arg) };
                Stepped { sp: stack.0, result }
            }
        )*

        /// The instructions of this module.
        pub(crate) const OPCODES: &[Opcode] = &[$(Opcode::$opcode),*];

        /// What runs an instruction of this module, by its opcode.
        pub(crate) static STEPS: [Step; 256] = {
            let mut steps: [Step; 256] = [no_step; 256];
            $(steps[Opcode::$opcode as usize] = $name;)*
            steps
        };
    };
}

/// The place of the instructions that are not of this module.
unsafe fn no_step(_vm: &mut Vm, _frame: *mut Frame, _sp: *mut u64, _arg: u32) -> Stepped {
    unreachable!("only the instructions in OPCODES are run as steps")
}

steps! {
    load_common_constant LoadCommonConstant (vm frame stack arg) {
        let value = names::common_constant(vm, arg);
        stack.push(value);
    }
    delete_fast DeleteFast (vm frame stack arg) {
        if *Frame::locals(frame).add(arg as usize) == 0 {
            return Err(names::unbound_local(vm, &*(*frame).code, arg as usize));
        }
        drop(take(Frame::locals(frame).add(arg as usize)));
    }
    end_send EndSend (vm frame stack arg) {
        let value = stack.pop();
        stack.set_top(1, value);
    }
    unary_negative UnaryNegative (vm frame stack arg) {
        let value = match stack.top(1).as_small_int().and_then(i64::checked_neg) {
            Some(negative) => vm.new_int(negative),
            None => vm.negative(stack.top(1))?,
        };
        stack.set_top(1, value);
    }
    unary_invert UnaryInvert (vm frame stack arg) {
        let value = vm.invert(stack.top(1))?;
        stack.set_top(1, value);
    }
    load_name LoadName (vm frame stack arg) {
        let value = names::load_name(vm, &*frame, name_at((*frame).code, arg))?;
        stack.push(value);
    }
    store_name StoreName (vm frame stack arg) {
        let value = stack.pop();
        names::store_name(vm, &*frame, name_at((*frame).code, arg), value)?;
    }
    delete_name DeleteName (vm frame stack arg) {
        names::delete_name(vm, &*frame, name_at((*frame).code, arg))?;
    }
    store_global StoreGlobal (vm frame stack arg) {
        let value = stack.pop();
        names::store_global(vm, &*frame, name_at((*frame).code, arg), value)?;
    }
    delete_global DeleteGlobal (vm frame stack arg) {
        names::delete_global(vm, &*frame, name_at((*frame).code, arg))?;
    }
    load_locals LoadLocals (vm frame stack arg) {
        let value = names::load_locals(vm, &*frame)?;
        stack.push(value);
    }
    load_from_dict_or_globals LoadFromDictOrGlobals (vm frame stack arg) {
        let mapping = stack.pop();
        let value = names::load_from_mapping_or_globals(vm, &*frame, mapping.borrow(), name_at((*frame).code, arg))?;
        stack.push(value);
    }
    load_from_dict_or_deref LoadFromDictOrDeref (vm frame stack arg) {
        let mapping = stack.pop();
        let value = names::load_from_mapping_or_cell(vm, &*frame, mapping.borrow(), arg as usize)?;
        stack.push(value);
    }
    delete_attr DeleteAttr (vm frame stack arg) {
        vm.set_attr(stack.top(1), name_at((*frame).code, arg), None)?;
        drop(stack.pop());
    }
    load_super_attr LoadSuperAttr (vm frame stack arg) {
        let name = name_at((*frame).code, arg >> 2);
        let (value, this) = names::load_super_attribute(vm, stack.top(3), stack.top(2), stack.top(1), name, arg)?;
        stack.drop_top(2);
        stack.set_top(1, value);
        if arg & 1 != 0 {
            stack.push_or_null(this);
        }
    }
    load_special LoadSpecial (vm frame stack arg) {
        let (method, this) = names::load_special(vm, stack.top(1), arg)?;
        stack.set_top(1, method);
        stack.push_or_null(this);
    }
    delete_subscr DeleteSubscr (vm frame stack arg) {
        vm.del_item(stack.top(2), stack.top(1))?;
        stack.drop_top(2);
    }
    store_slice StoreSlice (vm frame stack arg) {
        let (stop, start) = (stack.pop(), stack.pop());
        let slice = builtins::slice::new(vm, start, stop, Object::none());
        vm.set_item(stack.top(1), slice.borrow(), stack.top(2))?;
        stack.drop_top(2);
    }
    build_set BuildSet (vm frame stack arg) {
        let items = stack.take(arg);
        let set = builtins::set::new_set(vm);
        for item in items {
            let core = builtins::set::core(set.borrow().object()).expect("a set was just made");
            builtins::set::add(vm, core, item.borrow())?;
        }
        stack.push(set.into_object());
    }
    build_map BuildMap (vm frame stack arg) {
        let dict = vm.new_dict_with_capacity(arg as usize);
        for left in (1..=arg).rev() {
            let (key, value) = (stack.top(2 * left), stack.top(2 * left - 1));
            if key.downcast_exact::<Str>().is_some_and(|key| key.get().is_interned()) {
                dict.borrow().get().set_interned(vm, key, value.to_owned());
            } else {
                dict.borrow().set(vm, key, value.to_owned())?;
            }
        }
        stack.drop_top(2 * arg);
        stack.push(dict.into_object());
    }
    build_string BuildString (vm frame stack arg) {
        let parts: &[Ref<'_>] = std::slice::from_raw_parts(stack.0.sub(arg as usize).cast(), arg as usize);
        let text = intrinsics::join_strings(vm, parts)?;
        stack.drop_top(arg);
        stack.push(text);
    }
    build_slice BuildSlice (vm frame stack arg) {
        let step = if arg == 3 { stack.pop() } else { Object::none() };
        let (stop, start) = (stack.pop(), stack.pop());
        stack.push(builtins::slice::new(vm, start, stop, step));
    }
    build_template BuildTemplate (vm frame stack arg) {
        let (interpolations, strings) = (stack.pop(), stack.pop());
        stack.push(builtins::template::new_template(vm, strings, interpolations));
    }
    build_interpolation BuildInterpolation (vm frame stack arg) {
        let spec = if arg & 1 != 0 { Some(stack.pop()) } else { None };
        let (text, value) = (stack.pop(), stack.pop());
        let interpolation = intrinsics::interpolation(vm, value, text, arg >> 2, spec)?;
        stack.push(interpolation);
    }
    set_add SetAdd (vm frame stack arg) {
        let value = stack.pop();
        calls::set_add(vm, stack.top(arg), value.borrow())?;
    }
    map_add MapAdd (vm frame stack arg) {
        let (value, key) = (stack.pop(), stack.pop());
        stack.top(arg).downcast_unchecked::<Dict>().set(vm, key.borrow(), value)?;
    }
    list_extend ListExtend (vm frame stack arg) {
        let iterable = stack.pop();
        calls::list_extend(vm, stack.top(arg), iterable.borrow())?;
    }
    set_update SetUpdate (vm frame stack arg) {
        let iterable = stack.pop();
        builtins::set::update(vm, builtins::set::core(stack.top(arg)).expect(super::NO_VALUE), iterable.borrow())?;
    }
    dict_update DictUpdate (vm frame stack arg) {
        let mapping = stack.pop();
        calls::dict_update(vm, stack.top(arg), mapping.borrow())?;
    }
    dict_merge DictMerge (vm frame stack arg) {
        let mapping = stack.pop();
        calls::dict_merge(vm, stack.top(arg), mapping.borrow(), stack.top(arg + 3))?;
    }
    unpack_ex UnpackEx (vm frame stack arg) {
        let sequence = stack.pop();
        let (before, after) = ((arg & 0xff) as usize, (arg >> 8) as usize);
        calls::unpack_starred(vm, sequence.borrow(), before, after, stack.0)?;
        stack.0 = stack.0.add(before + 1 + after);
    }
    get_len GetLen (vm frame stack arg) {
        let length = vm.len(stack.top(1))?;
        stack.push(vm.new_int(length as i64));
    }
    get_yield_from_iter GetYieldFromIter (vm frame stack arg) {
        let iterator = generator::yield_from_iter(vm, stack.top(1), &*(*frame).code)?;
        stack.set_top(1, iterator);
    }
    get_awaitable GetAwaitable (vm frame stack arg) {
        let awaitable = generator::get_awaitable(vm, stack.top(1), arg)?;
        stack.set_top(1, awaitable);
    }
    get_aiter GetAiter (vm frame stack arg) {
        let iterator = async_generator::get_aiter(vm, stack.top(1))?;
        stack.set_top(1, iterator);
    }
    get_anext GetAnext (vm frame stack arg) {
        let awaitable = async_generator::get_anext(vm, stack.top(1))?;
        stack.push(awaitable);
    }
    make_function MakeFunction (vm frame stack arg) {
        let code = stack.pop();
        stack.push(compiled::make_function(vm, frame, code.borrow()));
    }
    set_function_attribute SetFunctionAttribute (vm frame stack arg) {
        let function = stack.pop();
        let value = stack.pop();
        calls::set_function_attribute(vm, function.borrow(), arg, value);
        stack.push(function);
    }
    load_build_class LoadBuildClass (vm frame stack arg) {
        let value = names::load_build_class(vm, (*frame).function())?;
        stack.push(value);
    }
    setup_annotations SetupAnnotations (vm frame stack arg) {
        names::setup_annotations(vm, &*frame)?;
    }
    import_name ImportName (vm frame stack arg) {
        let (names, level) = (stack.pop(), stack.pop());
        let module = names::import_name_from_frame(vm, &*frame, name_at((*frame).code, arg), names.borrow(), level.borrow())?;
        stack.push(module);
    }
    import_from ImportFrom (vm frame stack arg) {
        let value = names::import_from(vm, stack.top(1), name_at((*frame).code, arg))?;
        stack.push(value);
    }
    format_with_spec FormatWithSpec (vm frame stack arg) {
        let spec = stack.pop();
        let text = builtins::functions::format_value(vm, stack.top(1), spec.borrow())?;
        stack.set_top(1, text.into_object());
    }
    convert_value ConvertValue (vm frame stack arg) {
        let text = intrinsics::convert(vm, stack.top(1), arg)?;
        stack.set_top(1, text);
    }
    call_intrinsic_1 CallIntrinsic1 (vm frame stack arg) {
        let value = intrinsics::call_1(vm, &*frame, arg, stack.top(1))?;
        stack.set_top(1, value);
    }
    call_intrinsic_2 CallIntrinsic2 (vm frame stack arg) {
        let value = intrinsics::call_2(vm, arg, stack.top(2), stack.top(1))?;
        drop(stack.pop());
        stack.set_top(1, value);
    }
    match_mapping MatchMapping (vm frame stack arg) {
        let is_mapping = stack.top(1).class().has_flag(flag::MAPPING);
        stack.push(Object::bool(is_mapping));
    }
    match_sequence MatchSequence (vm frame stack arg) {
        let is_sequence = stack.top(1).class().has_flag(flag::SEQUENCE);
        stack.push(Object::bool(is_sequence));
    }
    match_keys MatchKeys (vm frame stack arg) {
        let values = matching::match_keys(vm, stack.top(2), stack.top(1))?;
        stack.push(values);
    }
    match_class MatchClass (vm frame stack arg) {
        let attributes = matching::match_class(vm, stack.top(3), stack.top(2), arg as usize, stack.top(1))?;
        stack.drop_top(2);
        stack.set_top(1, attributes);
    }
    push_exc_info PushExcInfo (vm frame stack arg) {
        let exception = stack.pop();
        let previous = vm.handled.last_mut().expect("there is always an entry").replace(exception.clone());
        stack.push(previous.unwrap_or(Object::none()));
        stack.push(exception);
    }
    pop_except PopExcept (vm frame stack arg) {
        let previous = stack.pop();
        let previous = if previous.borrow().is_none() { None } else { Some(previous) };
        let current = vm.handled.last_mut().expect("there is always an entry");
        drop(std::mem::replace(current, previous));
    }
    check_exc_match CheckExcMatch (vm frame stack arg) {
        let matches = exceptions::matches(vm, stack.top(2), stack.top(1))?;
        stack.set_top(1, Object::bool(matches));
    }
    check_eg_match CheckEgMatch (vm frame stack arg) {
        let (matched, rest) = exceptions::match_group(vm, stack.top(2), stack.top(1))?;
        if !matched.borrow().is_none() {
            let current = vm.handled.last_mut().expect("there is always an entry");
            drop(current.replace(matched.clone()));
        }
        stack.set_top(2, rest);
        stack.set_top(1, matched);
    }
    with_except_start WithExceptStart (vm frame stack arg) {
        let result = exceptions::with_except_start(vm, stack.0)?;
        stack.push(result);
    }
}
