//! Functions as a builder makes them, from random numbers.
//!
//! What is needed behind a bytecode instruction is in its locals and on its stack only, so that an interpreter can go on at any `Snapshot`.

use bytecode::opcode::{BinaryOp, Comparison};
use hir::environment::{AssumptionId, KnownFunction, KnownNative, NativeKind};
use hir::instr::{Condition, DoubleKind, UnaryKind};
use hir::types::{ClassInfo, Classes, ObjectInfo, ShapeId, ShapeInfo};
use hir::{Block, CodeId, FrameState, FrameStateId, Function, Instr, Preloaded, Type, Value, text, ty};
use std::sync::Arc;

const LOCALS: usize = 4;

struct Generator<'a> {
    function: Function,
    block: Block,
    locals: Vec<Value>,
    /// What the locals probably are.
    hints: Vec<Type>,
    /// What enclosing loops have on the stack.
    stack: Vec<Value>,
    numbers: std::slice::Iter<'a, u32>,
    bytecode: u32,
    depth: u32,
    parent: Option<FrameStateId>,
}

/// The tables the functions are relative to: a class, its shape, a string.
pub fn classes() -> Arc<Classes> {
    let mut classes = Classes::default();
    let class = classes.add_class(ClassInfo::user("C", vec![]));
    classes.add_shape(ShapeInfo { number: 1, class });
    classes.add_object(ObjectInfo { name: "'text'".to_owned(), ty: ty::UnicodeExact, class: None });
    classes.add_object(ObjectInfo { name: "f".to_owned(), ty: ty::Func, class: None });
    classes.add_object(ObjectInfo { name: "range".to_owned(), ty: ty::TypeExact, class: None });
    Arc::new(classes)
}

/// A function that adds one.
const BODY: &str = "fun m:add {
  bb 0 {
    v0:Object = LoadArg<0, \"x\", Object>
    v1:SmallInt[1] = LoadConst<SmallInt[1]>
    Snapshot fs0
    v2:Object = BinaryOp<Add> v0 v1 fs0
    Return v2
  }
  fs 0 = code 1 at 1000 locals(v0) stack(v0, v1) pops 2
}";

/// Says that object 1 is the function of [`BODY`], and object 2 `range`.
pub fn preloaded() -> Preloaded {
    let native = KnownNative { kind: NativeKind::Range, arguments: 1, returns: ty::Range, is_leaf: false, leaf_arguments: vec![] };
    let body = text::parse(BODY, classes()).map_err(|error| error.to_string()).expect("the body parses");
    let known = KnownFunction {
        code: Some(CodeId(1)),
        assumption: None,
        simple_arguments: Some(1),
        defaults: vec![],
        keyword_only: Vec::new(),
        takes_rest: false,
        takes_keywords: false,
        returns: ty::Object,
    };
    Preloaded {
        classes: classes(),
        natives: [(hir::types::ObjectId(2), native)].into(),
        functions: [(hir::types::ObjectId(1), known)].into(),
        bodies: [(CodeId(1), Arc::new(body))].into(),
        ..Preloaded::default()
    }
}

pub fn generate(numbers: &[u32]) -> Function {
    let function = Function::new("m:f", classes());
    let mut generator = Generator {
        function,
        block: Function::ENTRY,
        locals: Vec::new(),
        hints: Vec::new(),
        stack: Vec::new(),
        numbers: numbers.iter(),
        bytecode: 0,
        depth: 0,
        parent: None,
    };
    generator.arguments();
    generator.statements(40);
    generator.leave();
    generator.function.reflow_types();
    generator.function
}

impl Generator<'_> {
    fn number(&mut self, limit: u32) -> u32 {
        self.numbers.next().copied().unwrap_or(0) % limit
    }

    fn arguments(&mut self) {
        for index in 0..LOCALS as u32 {
            let kinds = [ty::Object, ty::Object, ty::Object, ty::SmallInt, ty::FloatExact, ty::ListExact, ty::OptObject, ty::TupleExact];
            let kind = kinds[self.number(kinds.len() as u32) as usize];
            let (ty, name) = (self.function.pool.add_type(kind), self.function.pool.add_name("x"));
            let value = self.append(Instr::load_arg(index, name, ty));
            self.locals.push(value);
            self.hints.push(kind);
        }
    }

    fn append(&mut self, instr: Instr) -> Value {
        self.function.append(self.block, instr)
    }

    fn with(&mut self, instr: Instr, state: FrameStateId) -> Value {
        self.function.append_with(self.block, instr, Some(state))
    }

    fn constant(&mut self, ty: Type) -> Value {
        self.function.append_const(self.block, ty)
    }

    fn type_id(&mut self, ty: Type) -> hir::instr::TypeId {
        self.function.pool.add_type(ty)
    }

    /// A bytecode instruction begins, which takes these off the stack.
    fn snapshot(&mut self, operands: &[Value]) -> FrameStateId {
        self.bytecode += 1;
        let stack = self.stack.iter().chain(operands).copied().map(Some).collect();
        let state = FrameState {
            code: CodeId(0),
            bytecode: self.bytecode,
            locals: self.locals.iter().copied().map(Some).collect(),
            stack,
            popped: operands.len() as u32,
            parent: self.parent,
            is_covered: false,
            ending: hir::function::Ending::Push,
        };
        let id = self.function.add_frame_state(state);
        self.with(Instr::snapshot(), id);
        id
    }

    /// A local, checked to be set, as a bytecode instruction of its own.
    fn load(&mut self) -> Value {
        let at = self.number(LOCALS as u32) as usize;
        self.checked(at)
    }

    fn checked(&mut self, at: usize) -> Value {
        let value = self.locals[at];
        if !self.function.ty(value).may_be_null() {
            return value;
        }
        let state = self.snapshot(&[]);
        let name = self.function.pool.add_name("x");
        let checked = self.with(Instr::check_var(value, name), state);
        self.locals[at] = checked;
        checked
    }

    /// The same, most often of a type: of a local that probably is, or a new one.
    fn load_of(&mut self, ty: Type) -> Value {
        let start = self.number(LOCALS as u32) as usize;
        let found = (0..LOCALS).map(|step| (start + step) % LOCALS).find(|at| self.hints[*at].fits(ty) && !self.hints[*at].is_bottom());
        if self.number(64) == 0 {
            return self.load();
        }
        let Some(at) = found else {
            let value = self.fresh(ty);
            let at = start % (LOCALS - 1);
            self.locals[at] = value;
            self.hints[at] = ty;
            return value;
        };
        self.checked(at)
    }

    /// A new value of a type, as a bytecode instruction of its own.
    fn fresh(&mut self, ty: Type) -> Value {
        let items = [self.load()];
        self.snapshot(&items);
        let values = self.function.pool.add_values(&items);
        if ty.fits(ty::LongExact) {
            self.constant(Type::small_int(2))
        } else if ty.fits(ty::FloatExact) {
            self.constant(ty::TaggedFloat.specialized(hir::types::Spec::Double(1.5f64.to_bits())))
        } else if ty.fits(ty::ListExact) {
            self.append(Instr::make_list(values))
        } else if ty.fits(ty::TupleExact) {
            self.append(Instr::make_tuple(values))
        } else if ty.fits(ty::Cell) {
            self.append(Instr::make_cell(items[0]))
        } else {
            self.instance([Some(items[0]), None])
        }
    }

    /// Stores to a local; the last one is what loops count with.
    fn store(&mut self, value: Value) {
        let at = self.number(3 * LOCALS as u32) as usize;
        let at = if at == 3 * LOCALS - 1 { LOCALS - 1 } else { at % (LOCALS - 1) };
        self.locals[at] = value;
        self.hints[at] = self.function.ty(value);
    }

    fn guard(&mut self, value: Value, ty: Type, state: FrameStateId) -> Value {
        if self.function.ty(value).fits(ty) {
            return value;
        }
        let ty = self.type_id(ty);
        self.with(Instr::guard_type(value, ty), state)
    }

    fn statements(&mut self, limit: u32) {
        let count = self.number(limit) + 1;
        for _ in 0..count {
            if self.numbers.len() == 0 {
                return;
            }
            self.statement();
        }
    }

    fn statement(&mut self) {
        match self.number(36) {
            0 | 1 => self.literal(),
            2 => self.binary(),
            3..=5 => self.small_ints(),
            6 | 7 => self.floats(),
            8 => self.longs(),
            9 | 10 => self.make(),
            11 => self.list_append(),
            12..=14 => self.list_item(),
            15 => self.store_item(),
            16 | 17 => self.tuple_item(),
            18 => self.cell(),
            19 | 20 => self.slot(),
            21 => self.store_slot(),
            22 if self.number(2) == 0 => self.known_call(),
            22 => self.call(),
            23 => self.method(),
            24 | 25 if self.depth < 3 => self.branch(),
            26 | 27 if self.depth < 3 => self.counted_loop(),
            28 if self.depth < 3 && self.number(2) == 0 => self.range_loop(),
            28 if self.depth < 3 => self.for_loop(),
            29 if self.depth < 3 => self.type_branch(),
            30 if self.depth < 3 => self.while_loop(),
            31 => self.compare(),
            32 => self.unset(),
            33 => self.inlined(),
            34 => self.misc(),
            35 if self.number(4) == 0 => self.leave_early(),
            _ => self.small_ints(),
        }
    }

    fn literal(&mut self) {
        let number = self.number(7);
        let ty = match number {
            0 => ty::NoneType,
            1 => Type::bool(true),
            2 => Type::object(hir::types::ObjectId(0), &self.function.classes),
            3 => ty::TaggedFloat.specialized(hir::types::Spec::Double(1.5f64.to_bits())),
            4 => Type::small_int(1),
            5 => Type::small_int(0),
            _ => Type::small_int(i64::from(number) - 8),
        };
        let value = self.constant(ty);
        self.store(value);
    }

    fn binary(&mut self) {
        let (left, right) = (self.load(), self.load());
        let state = self.snapshot(&[left, right]);
        let value = self.with(Instr::binary_op(left, right, BinaryOp::Add), state);
        self.store(value);
    }

    fn small_ints(&mut self) {
        let (left, right) = (self.load_of(ty::SmallInt), self.load_of(ty::SmallInt));
        let ops = [
            BinaryOp::Add,
            BinaryOp::Subtract,
            BinaryOp::Multiply,
            BinaryOp::FloorDivide,
            BinaryOp::And,
            BinaryOp::InplaceAdd,
            BinaryOp::RightShift,
            BinaryOp::LeftShift,
        ];
        let op = ops[self.number(8) as usize];
        let state = self.snapshot(&[left, right]);
        let left = self.guard(left, ty::SmallInt, state);
        let right = if self.number(3) == 0 { self.constant(Type::small_int(1)) } else { self.guard(right, ty::SmallInt, state) };
        let value = self.with(Instr::small_int_binary_op(left, right, op), state);
        self.store(value);
    }

    fn floats(&mut self) {
        let (left, right) = (self.load_of(ty::FloatExact), self.load_of(ty::FloatExact));
        let kind = self.number(4);
        let state = self.snapshot(&[left, right]);
        let left = self.guard(left, ty::FloatExact, state);
        let right = self.guard(right, ty::FloatExact, state);
        let value = match kind {
            0 => self.with(Instr::float_binary_op(left, right, BinaryOp::TrueDivide), state),
            1 => self.with(Instr::float_binary_op(left, right, BinaryOp::Multiply), state),
            2 => self.with(Instr::float_binary_op(left, right, BinaryOp::Add), state),
            _ => {
                let left = self.append(Instr::float_unbox(left));
                let right = self.append(Instr::float_unbox(right));
                let sum = self.append(Instr::double_binary_op(left, right, DoubleKind::Add));
                self.append(Instr::float_box(sum))
            }
        };
        self.store(value);
    }

    fn longs(&mut self) {
        let (left, right) = (self.load_of(ty::LongExact), self.load_of(ty::LongExact));
        let state = self.snapshot(&[left, right]);
        let left = self.guard(left, ty::LongExact, state);
        let right = self.guard(right, ty::LongExact, state);
        let value = self.with(Instr::long_binary_op(left, right, BinaryOp::Multiply), state);
        self.store(value);
    }

    fn make(&mut self) {
        let count = self.number(3);
        let items: Vec<Value> = (0..count).map(|_| self.load()).collect();
        let kind = self.number(5);
        self.snapshot(&items);
        let values = self.function.pool.add_values(&items);
        let value = match (kind, &items[..]) {
            (0, &[first, ..]) => self.append(Instr::make_cell(first)),
            (1, &[first, second]) => self.append(Instr::make_method(first, second)),
            (2, _) => {
                let values = [0, 1].map(|index| items.get(index).copied());
                self.instance(values)
            }
            (3, _) => self.append(Instr::make_list(values)),
            _ => self.append(Instr::make_tuple(values)),
        };
        self.store(value);
    }

    fn list_append(&mut self) {
        let (list, item) = (self.load_of(ty::ListExact), self.load());
        let state = self.snapshot(&[list, item]);
        let list = self.guard(list, ty::ListExact, state);
        self.append(Instr::list_append(list, item));
    }

    fn index(&mut self, container: Value, state: FrameStateId) -> Value {
        let length = self.append(Instr::load_length(container));
        let index = if self.number(2) == 0 {
            let number = self.number(3);
            self.constant(Type::c_int(ty::CInt64, i64::from(number) - 1))
        } else {
            let at = (0..LOCALS).find(|at| self.hints[*at].fits(ty::SmallInt)).unwrap_or(LOCALS - 1);
            let index = self.guard(self.locals[at], ty::SmallInt, state);
            self.append(Instr::small_int_unbox(index))
        };
        self.with(Instr::check_bounds(index, length), state)
    }

    fn list_item(&mut self) {
        let list = self.load_of(ty::ListExact);
        let state = self.snapshot(&[list]);
        let list = self.guard(list, ty::ListExact, state);
        let index = self.index(list, state);
        let item = self.append(Instr::load_list_item(list, index));
        self.store(item);
    }

    fn store_item(&mut self) {
        let (list, item) = (self.load_of(ty::ListExact), self.load());
        let state = self.snapshot(&[list, item]);
        let list = self.guard(list, ty::ListExact, state);
        let index = self.index(list, state);
        let previous = self.append(Instr::take_list_item(list, index));
        self.append(Instr::store_list_item(list, index, item, previous));
    }

    fn tuple_item(&mut self) {
        let tuple = self.load_of(ty::TupleExact);
        let state = self.snapshot(&[tuple]);
        let tuple = self.guard(tuple, ty::TupleExact, state);
        let index = self.index(tuple, state);
        let item = self.append(Instr::load_tuple_item_at(tuple, index));
        self.store(item);
    }

    fn cell(&mut self) {
        let (cell, value) = (self.load_of(ty::Cell), self.load());
        let state = self.snapshot(&[cell, value]);
        let cell = self.guard(cell, ty::Cell, state);
        if self.number(2) == 0 {
            let previous = self.append(Instr::take_cell_item(cell));
            self.append(Instr::set_cell_item(cell, value, previous));
        } else {
            let item = self.append(Instr::load_cell_item(cell));
            let name = self.function.pool.add_name("c");
            let item = self.with(Instr::check_freevar(item, name, 5), state);
            self.store(item);
        }
    }

    /// A new instance; attributes that are not given are `None`.
    fn instance(&mut self, values: [Option<Value>; 2]) -> Value {
        let ty = self.type_id(ty::ObjectUser);
        let instance = self.append(Instr::allocate_instance(hir::types::ClassId(0), ShapeId(0), ty));
        let name = self.function.pool.add_name("a");
        for (value, offset) in values.into_iter().zip([16, 24]) {
            let value = match value {
                Some(value) => value,
                None => {
                    let none = self.type_id(ty::NoneType);
                    self.append(Instr::load_const(none))
                }
            };
            self.append(Instr::add_slot(instance, value, offset, name, ShapeId(0)));
        }
        instance
    }

    fn shaped(&mut self, owner: Value, state: FrameStateId) -> Value {
        let ty = self.type_id(ty::ObjectUser);
        self.with(Instr::guard_shape(owner, ShapeId(0), ty), state)
    }

    fn slot(&mut self) {
        let owner = self.load_of(ty::ObjectUser);
        let offset = 16 + 8 * self.number(2);
        let state = self.snapshot(&[owner]);
        let owner = self.shaped(owner, state);
        let name = self.function.pool.add_name("a");
        let value = self.append(Instr::load_slot(owner, offset, name));
        self.store(value);
    }

    fn store_slot(&mut self) {
        let (owner, value) = (self.load_of(ty::ObjectUser), self.load());
        let offset = 16 + 8 * self.number(2);
        let state = self.snapshot(&[owner, value]);
        let owner = self.shaped(owner, state);
        let name = self.function.pool.add_name("a");
        let previous = self.append(Instr::take_slot(owner, offset, name));
        self.append(Instr::store_slot(owner, value, previous, offset, name));
    }

    fn call(&mut self) {
        let callable = self.load();
        let args: Vec<Value> = (0..self.number(3)).map(|_| self.load()).collect();
        let operands: Vec<Value> = [callable].into_iter().chain(args.iter().copied()).collect();
        let state = self.snapshot(&operands);
        let args = self.function.pool.add_values(&args);
        let value = self.with(Instr::vector_call(callable, args), state);
        self.store(value);
    }

    fn known_call(&mut self) {
        let arg = if self.number(2) == 0 { self.load() } else { self.load_of(ty::SmallInt) };
        let callable = self.constant(Type::object(hir::types::ObjectId(1), &self.function.classes));
        let state = self.snapshot(&[callable, arg]);
        let (args, ty) = (self.function.pool.add_values(&[arg]), self.type_id(ty::Object));
        let value = self.with(Instr::call_function(callable, args, hir::types::ObjectId(1), ty), state);
        self.store(value);
    }

    fn method(&mut self) {
        let owner = self.load();
        let state = self.snapshot(&[owner]);
        let name = self.function.pool.add_name("m");
        let callable = self.with(Instr::load_method(owner, name), state);
        let ty = self.type_id(ty::OptObject);
        let receiver = self.append(Instr::get_second_output(callable, ty));
        let arg = self.locals[0];
        let args: Vec<Value> = if self.function.ty(arg).may_be_null() { vec![] } else { vec![arg] };
        let operands: Vec<Value> = [callable, receiver].into_iter().chain(args.iter().copied()).collect();
        let state = self.snapshot(&operands);
        let args = self.function.pool.add_values(&args);
        let value = self.with(Instr::call_method(callable, receiver, args), state);
        self.store(value);
    }

    /// A machine bool of the locals.
    fn condition(&mut self) -> Value {
        let kind = self.number(6);
        let (left, right) = if kind > 3 { (self.load_of(ty::SmallInt), self.load_of(ty::SmallInt)) } else { (self.load(), self.load()) };
        let state = self.snapshot(&[left, right]);
        match kind {
            0 => self.with(Instr::is_truthy(left), state),
            1 => self.with(Instr::compare_bool(left, right, Comparison::Less), state),
            2 => self.append(Instr::is(left, right)),
            3 => {
                let result = self.with(Instr::compare(left, right, Comparison::LessEqual), state);
                let state = self.snapshot(&[result]);
                self.with(Instr::is_truthy(result), state)
            }
            _ => {
                let left = self.guard(left, ty::SmallInt, state);
                let right = self.guard(right, ty::SmallInt, state);
                self.append(Instr::small_int_compare(left, right, Condition::Less))
            }
        }
    }

    fn compare(&mut self) {
        let condition = self.condition();
        let value = self.append(Instr::bool_box(condition));
        self.store(value);
    }

    fn branch(&mut self) {
        let condition = self.condition();
        let (then, otherwise) = (self.function.add_block(), self.function.add_block());
        self.append(Instr::cond_branch(condition, then, otherwise));
        self.arms(then, otherwise);
    }

    fn type_branch(&mut self) {
        let value = self.load();
        let asked = [ty::SmallInt, ty::ListExact, ty::FloatExact][self.number(3) as usize];
        let asked = self.type_id(asked);
        let (then, otherwise) = (self.function.add_block(), self.function.add_block());
        self.append(Instr::cond_branch_check_type(value, then, otherwise, asked));
        self.block = then;
        let refined = self.append(Instr::refine_type(value, asked));
        let before = self.locals.clone();
        self.store(refined);
        let after = std::mem::replace(&mut self.locals, before);
        self.arms_with(then, otherwise, after);
    }

    fn arms(&mut self, then: Block, otherwise: Block) {
        let locals = self.locals.clone();
        self.arms_with(then, otherwise, locals);
    }

    fn arms_with(&mut self, then: Block, otherwise: Block, then_locals: Vec<Value>) {
        self.depth += 1;
        let before = std::mem::replace(&mut self.locals, then_locals);
        self.block = then;
        self.statements(4);
        let (first, first_locals) = (self.block, std::mem::replace(&mut self.locals, before));
        self.block = otherwise;
        self.statements(4);
        self.depth -= 1;
        let join = self.function.add_block();
        self.function.append(first, Instr::branch(join));
        self.append(Instr::branch(join));
        self.block = join;
        for (local, other) in first_locals.into_iter().enumerate() {
            self.locals[local] = self.function.add_phi(join, &[other, self.locals[local]]);
        }
    }

    /// Goes to a loop's first block, whose phis hold the locals.
    fn enter_loop(&mut self) -> (Block, Vec<Value>) {
        let header = self.function.add_block();
        self.append(Instr::branch(header));
        self.block = header;
        let phis: Vec<Value> = self.locals.clone().into_iter().map(|local| self.function.add_phi(header, &[local])).collect();
        phis.iter().for_each(|phi| self.function.set_type(*phi, ty::OptObject));
        self.locals.clone_from(&phis);
        self.snapshot(&[]);
        (header, phis)
    }

    /// Closes the loop; what follows sees the locals of its first block.
    fn close_loop(&mut self, header: Block, phis: &[Value], exit: Block, at_exit: Vec<Value>) {
        self.append(Instr::branch(header));
        for (phi, local) in phis.iter().zip(self.locals.clone()) {
            self.function.add_phi_input(*phi, local);
            self.function.set_type(*phi, ty::OptObject);
        }
        self.block = exit;
        self.locals = at_exit;
    }

    fn while_loop(&mut self) {
        let (header, phis) = self.enter_loop();
        let condition = self.condition();
        self.loop_body(header, &phis, condition);
    }

    fn loop_body(&mut self, header: Block, phis: &[Value], condition: Value) {
        let (body, exit) = (self.function.add_block(), self.function.add_block());
        self.append(Instr::cond_branch(condition, body, exit));
        let at_exit = self.locals.clone();
        self.block = body;
        self.depth += 1;
        self.statements(6);
        self.depth -= 1;
        self.close_loop(header, phis, exit, at_exit);
    }

    /// Counts the last local up to a few.
    fn counted_loop(&mut self) {
        self.locals[LOCALS - 1] = self.constant(Type::small_int(0));
        self.hints[LOCALS - 1] = ty::SmallInt;
        let (header, phis) = self.enter_loop();
        let state = self.snapshot(&[]);
        let counter = self.guard(self.locals[LOCALS - 1], ty::SmallInt, state);
        let limit = self.constant(Type::small_int(4));
        let condition = self.append(Instr::small_int_compare(counter, limit, Condition::Less));
        let (body, exit) = (self.function.add_block(), self.function.add_block());
        self.append(Instr::cond_branch(condition, body, exit));
        let at_exit = self.locals.clone();
        self.block = body;
        self.depth += 1;
        self.statements(6);
        self.depth -= 1;
        let state = self.snapshot(&[]);
        let counter = self.guard(self.locals[LOCALS - 1], ty::SmallInt, state);
        let one = self.constant(Type::small_int(1));
        self.locals[LOCALS - 1] = self.with(Instr::small_int_binary_op(counter, one, BinaryOp::InplaceAdd), state);
        self.close_loop(header, &phis, exit, at_exit);
    }

    fn for_loop(&mut self) {
        let iterable = self.load_of(ty::ListExact);
        let state = self.snapshot(&[iterable]);
        let iterator = self.with(Instr::get_iter(iterable), state);
        self.stack.push(iterator);
        let (header, phis) = self.enter_loop();
        let state = self.snapshot(&[]);
        let item = if self.number(2) == 0 {
            let exact = self.guard(iterator, ty::ListIterator, state);
            self.append(Instr::list_iterator_next(exact))
        } else {
            self.with(Instr::iter_next(iterator), state)
        };
        self.items_body(header, &phis, item);
    }

    /// The rest of a loop over an iterator that has just given `item`.
    fn items_body(&mut self, header: Block, phis: &[Value], item: Value) {
        let (body, exit) = (self.function.add_block(), self.function.add_block());
        self.append(Instr::cond_branch_iter_not_done(item, body, exit));
        let at_exit = self.locals.clone();
        self.block = body;
        let object = self.type_id(ty::Object);
        let item = self.append(Instr::refine_type(item, object));
        self.store(item);
        self.depth += 1;
        self.statements(5);
        self.depth -= 1;
        self.close_loop(header, phis, exit, at_exit);
        self.stack.pop();
    }

    fn range_loop(&mut self) {
        let stop = if self.number(2) == 0 { self.fresh(ty::SmallInt) } else { self.load_of(ty::SmallInt) };
        let range = self.constant(Type::object(hir::types::ObjectId(2), &self.function.classes));
        let mut args = vec![stop];
        if self.number(2) == 0 {
            args.insert(0, self.constant(Type::small_int(-2)));
            if self.number(2) == 0 {
                let step = [2, -1, 1][self.number(3) as usize];
                args.push(self.constant(Type::small_int(step)));
            }
        }
        let operands: Vec<Value> = [range].into_iter().chain(args.iter().copied()).collect();
        let state = self.snapshot(&operands);
        let args = self.function.pool.add_values(&args);
        let made = self.with(Instr::vector_call(range, args), state);
        let ty = self.type_id(ty::Range);
        let made = self.append(Instr::refine_type(made, ty));
        let state = self.snapshot(&[made]);
        let iterator = self.with(Instr::get_iter(made), state);
        self.stack.push(iterator);
        let state = self.snapshot(&[]);
        let exact = self.guard(iterator, ty::RangeIterator, state);
        self.stack.pop();
        self.stack.push(exact);
        let (header, phis) = self.enter_loop();
        let state = self.snapshot(&[]);
        let item = self.with(Instr::range_iterator_next(exact), state);
        self.items_body(header, &phis, item);
    }

    fn unset(&mut self) {
        let null = self.constant(ty::Nullptr);
        self.store(null);
    }

    /// Some calls in a frame of their own.
    fn inlined(&mut self) {
        if self.parent.is_some() {
            return;
        }
        let callable = self.load();
        let outer = self.snapshot(&[callable]);
        let function = self.constant(Type::object(hir::types::ObjectId(1), &self.function.classes));
        self.with(Instr::begin_inlined_function(function, hir::types::ObjectId(1)), outer);
        self.parent = Some(outer);
        let saved = self.stack.split_off(0);
        let value = {
            let left = self.load();
            let state = self.snapshot(&[left]);
            self.with(Instr::unary_op(left, UnaryKind::Negate), state)
        };
        self.stack = saved;
        self.parent = None;
        self.append(Instr::end_inlined_function());
        self.store(value);
    }

    fn misc(&mut self) {
        let value = self.load();
        let state = self.snapshot(&[value]);
        match self.number(6) {
            0 => drop(self.with(Instr::deopt_patchpoint(AssumptionId(0)), state)),
            1 => {
                let null = self.constant(ty::Nullptr);
                let is = self.append(Instr::is(value, null));
                let not = self.append(Instr::bool_not(is));
                self.with(Instr::guard(not), state);
            }
            2 => {
                let ty = self.type_id(ty::Object);
                self.append(Instr::hint_type(value, ty));
            }
            3 => {
                let value = self.guard(value, ty::SmallInt, state);
                let raw = self.append(Instr::small_int_unbox(value));
                let double = self.append(Instr::int_to_double(raw));
                let float = self.append(Instr::float_box(double));
                self.store(float);
            }
            4 => {
                let value = self.guard(value, ty::FloatExact, state);
                let (raw, one) = (self.append(Instr::float_unbox(value)), self.constant(Type::c_double(1.0)));
                let less = self.append(Instr::primitive_compare(raw, one, Condition::Less));
                let value = self.append(Instr::bool_box(less));
                self.store(value);
            }
            _ => drop(self.with(Instr::run_periodic_tasks(), state)),
        }
    }

    /// Returns on one way.
    fn leave_early(&mut self) {
        if self.parent.is_some() || !self.stack.is_empty() {
            return;
        }
        let condition = self.condition();
        let (then, otherwise) = (self.function.add_block(), self.function.add_block());
        self.append(Instr::cond_branch(condition, then, otherwise));
        let locals = self.locals.clone();
        self.block = then;
        self.leave();
        self.block = otherwise;
        self.locals = locals;
    }

    fn leave(&mut self) {
        let value = self.load();
        match self.number(6) {
            0 => {
                let state = self.snapshot(&[]);
                self.with(Instr::yield_value(value, 7), state);
            }
            1 => {
                let state = self.snapshot(&[value]);
                let args = self.function.pool.add_values(&[value]);
                self.with(Instr::raise_varargs(args), state);
            }
            2 => {
                let state = self.snapshot(&[value]);
                let name = self.function.pool.add_name("here");
                self.with(Instr::deopt(name), state);
            }
            _ => drop(self.append(Instr::return_value(value))),
        }
    }
}
