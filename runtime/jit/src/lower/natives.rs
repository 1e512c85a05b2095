//! Calls of known native functions: by the shape of the function, which is called without asking what it is.

use super::{Lowered, Lowering, W64, to};
use crate::compile::Refusal;
use crate::helpers::Helper;
use abi::{header, tag};
use hir::Value;
use hir::instr::Values;
use hir::types::ObjectId;
use lir::{Address, BlockId, Class, Condition, Edge, Operand, Reg};
use object::call::NativeInfo;
use object::function::{BuiltinFunction, MethodDescriptor};
use object::native::Native;

/// How a function is called: the helper, and the words it takes before and after the receiver.
struct Form {
    helper: Helper,
    function: usize,
    info: Option<usize>,
}

/// The form of a call with `n` arguments beside the receiver.
fn form_of(info: &'static NativeInfo, n: usize) -> Option<Form> {
    let (helper, function) = match (info.method.call, n) {
        (Native::Unary(function), 0) => (Helper::native_unary, function as usize),
        (Native::Binary(function), 1) => (Helper::native_binary, function as usize),
        (Native::Many(function), 1) => (Helper::native_one_of_many, function as usize),
        (Native::Many(function), _) => (Helper::native_many, function as usize),
        (Native::Bound(function), _) => {
            let (least, most) = info.few_parameters()?;
            if n < least || n > most {
                return None;
            }
            let is_full = n == most;
            if !is_full {
                let info = Some((&raw const *info).expose_provenance());
                return Some(Form { helper: Helper::native_few, function: function as usize, info });
            }
            (if n == 1 { Helper::native_bound_one } else { Helper::native_bound }, function as usize)
        }
        (Native::Unary(_) | Native::Binary(_) | Native::Raw(_), _) => return None,
    };
    Some(Form { helper, function, info: None })
}

impl Lowering<'_, '_> {
    /// Calls a known object, if it is a native function that can be called directly with so many arguments. Says whether it was.
    pub(super) fn call_native_function(&mut self, value: Value, callee: ObjectId, args: Values) -> Result<bool, Refusal> {
        let Some(object) = self.environment.objects.get(callee.0 as usize) else { return Ok(false) };
        let object = object.borrow();
        let args = self.function.pool.values(args).to_vec();
        if let Some(function) = object.downcast_exact::<BuiltinFunction>() {
            let Some(form) = form_of(function.get().info, args.len()) else { return Ok(false) };
            let this = match function.get().this.bits() {
                0 => object::raw::NONE,
                bits => bits,
            };
            let result = self.call_form(&form, Operand::Imm(this as i64), &args)?;
            self.guard_raised(value, result)?;
            self.define_result(value, result);
            return Ok(true);
        }
        if let Some(class) = object.downcast_exact::<object::Type>() {
            return self.call_class(value, class.get(), &args);
        }
        let (Some(method), Some((&receiver, rest))) = (object.downcast_exact::<MethodDescriptor>(), args.split_first()) else { return Ok(false) };
        let is_get = std::ptr::eq(method.get().class, &object::dict::DICT) && method.get().info.method.name == "get" && matches!(rest.len(), 1 | 2);
        let get = is_get.then_some(Form { helper: Helper::dict_get, function: 0, info: None });
        let Some(form) = get.or_else(|| form_of(method.get().info, rest.len())) else { return Ok(false) };
        let result = self.call_method_form(&form, object.bits(), method.get().class, receiver, rest)?;
        self.guard_raised(value, result)?;
        self.define_result(value, result);
        Ok(true)
    }

    /// Calls a builtin class that makes its instances in a simple way.
    fn call_class(&mut self, value: Value, class: &object::Type, args: &[Value]) -> Result<bool, Refusal> {
        let Some(new) = object::type_new::plain_new(class) else { return Ok(false) };
        if let (true, &[number]) = (std::ptr::eq(class, &object::int::INT), args) {
            self.call_int(value, number, new as usize as i64)?;
            return Ok(true);
        }
        let operands = self.words(args);
        let result = if let (true, &[text]) = (std::ptr::eq(class, &object::str::STR), operands.as_slice()) {
            self.helper(Helper::to_text, &[text])
        } else {
            self.put_on_stack(&operands)?;
            let word = class.object().bits() as i64;
            self.helper(Helper::native_new, &[Operand::Imm(new as usize as i64), Operand::Imm(word), Operand::Imm(args.len() as i64)])
        };
        self.guard_raised(value, result)?;
        self.define_result(value, result);
        Ok(true)
    }

    /// `int(number)`: of ints and floats in words without a call.
    fn call_int(&mut self, value: Value, number: Value, new: i64) -> Lowered {
        let (other, float, fits, slow) = (self.builder.new_block(), self.builder.new_block(), self.builder.new_block(), self.cold());
        let done = self.builder.new_block();
        let result = self.builder.add_param(done, Class::Int);
        let word = self.reg(number);
        self.builder.test_jump(W64, Condition::NotEqual, word, tag::INT as i64, Edge::new(done, vec![word]), to(other));
        self.builder.switch_to(other);
        self.branch_if_tagged_float(word, to(float), to(slow));
        self.builder.switch_to(float);
        let double = self.untagged_float(word);
        let whole = self.builder.float_to_int(W64, double);
        // What does not fit a word gives the least number there is.
        let bias = self.builder.load_imm(tag::INT_MAX + 1);
        let above = self.builder.add(W64, whole, bias);
        let limit = self.builder.load_imm(i64::MIN);
        self.builder.compare_jump(W64, Condition::Below, above, limit, to(fits), to(slow));
        self.builder.switch_to(fits);
        let int = self.tagged(whole);
        self.builder.branch(Edge::new(done, vec![int]));
        self.builder.switch_to(slow);
        self.put_on_stack(&[word.into()])?;
        let class = object::int::INT.object().bits() as i64;
        let made = self.raising(value, Helper::native_new, &[Operand::Imm(new), Operand::Imm(class), Operand::Imm(1)])?;
        self.join(done, made);
        self.define_result(value, result);
        Ok(())
    }

    fn define_result(&mut self, value: Value, result: Reg) {
        if self.function.has_output(value) {
            self.define(value, result);
        }
    }

    fn call_form(&mut self, form: &Form, this: Operand, args: &[Value]) -> Result<Reg, Refusal> {
        let function = Operand::Imm(form.function as i64);
        let operands = self.words(args);
        let n = Operand::Imm(operands.len() as i64);
        let words = match form.helper {
            Helper::native_unary => vec![function, this],
            Helper::dict_get => vec![this, operands[0], operands.get(1).copied().unwrap_or(Operand::Imm(object::raw::NONE as i64))],
            Helper::native_binary | Helper::native_one_of_many | Helper::native_bound_one => vec![function, this, operands[0]],
            _ => {
                self.put_on_stack(&operands)?;
                let info = form.info.map(|info| Operand::Imm(info as i64));
                [function, this, n].into_iter().chain(info).collect()
            }
        };
        Ok(self.helper(form.helper, &words))
    }

    /// Calls a method of a class for a receiver, whose class is looked at unless it is known; any other goes the general way.
    fn call_method_form(&mut self, form: &Form, method: u64, class: &'static object::Type, receiver: Value, args: &[Value]) -> Result<Reg, Refusal> {
        let this = self.reg(receiver);
        let (slow, done) = (self.cold(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        if form.helper == Helper::dict_get {
            self.expect_class(receiver, this, std::ptr::from_ref(class).expose_provenance() as i64, slow);
        } else {
            self.expect_instance(receiver, this, class, slow);
        }
        let given = self.call_form(form, this.into(), args)?;
        self.builder.branch(Edge::new(done, vec![given]));
        self.builder.switch_to(slow);
        self.call_generally(method, this, args, done)?;
        self.builder.switch_to(done);
        Ok(result)
    }

    /// Goes on if a value is an instance of the builtin class at an address, or of a class that Python code has derived from it, else in `slow`.
    fn expect_instance(&mut self, receiver: Value, this: Reg, class: &'static object::Type, slow: BlockId) {
        let (derived, fine) = (self.builder.new_block(), self.builder.new_block());
        self.expect_class(receiver, this, std::ptr::from_ref(class).expose_provenance() as i64, derived);
        self.go(fine);
        self.builder.switch_to(derived);
        self.expect_pointer(receiver, this, slow);
        let own = self.builder.load(W64, Address::new(this, header::TYPE as i32));
        let spec = self.builder.load_imm(std::ptr::from_ref(class.spec()).expose_provenance() as i64);
        self.jump_unless(W64, Condition::Equal, spec, Address::new(own, object::Type::SPEC as i32), slow);
        self.go(fine);
        self.builder.switch_to(fine);
    }

    /// Goes on if a value is a heap object of exactly the class at an address, else in `slow`.
    pub(super) fn expect_class(&mut self, receiver: Value, this: Reg, class: i64, slow: BlockId) {
        self.expect_pointer(receiver, this, slow);
        let class = self.builder.load_imm(class);
        self.jump_unless(W64, Condition::Equal, class, Address::new(this, header::TYPE as i32), slow);
    }

    fn call_generally(&mut self, method: u64, this: Reg, args: &[Value], done: BlockId) -> Lowered {
        let mut operands = vec![Operand::Imm(method as i64), this.into()];
        operands.extend(self.words(args));
        self.put_on_stack(&operands)?;
        let given = self.helper(Helper::call, &[Operand::Imm(args.len() as i64)]);
        self.builder.branch(Edge::new(done, vec![given]));
        Ok(())
    }
}
