//! Attributes of owners of which nothing is known: through a cache of the instruction's own, see [`crate::inline_cache`].

use super::{Lowered, Lowering, W64, to};
use crate::compile::Refusal;
use crate::helpers::Helper;
use crate::inline_cache::{AttributeCache, Entry, SuperCache};
use abi::header;
use hir::Value;
use hir::instr::NameId;
use lir::{Address, BlockId, Class, Condition, Edge, Operand, Reg, Scale, UNLESS_NULL, Width};

impl Lowering<'_, '_> {
    /// Goes on if the owner is of the layout and class of the cache's first entry, else in `slow`. Gives the cache's address.
    fn match_cache(&mut self, owner: Value, slow: BlockId) -> (Reg, i64) {
        let address = self.site(AttributeCache::new());
        let object = self.reg(owner);
        self.expect_pointer(owner, object, slow);
        let cache = self.builder.load_imm(address);
        let shape = self.builder.load(Width::W32, Address::new(object, header::SHAPE as i32));
        self.jump_unless(Width::W32, Condition::Equal, shape, Address::new(cache, Entry::SHAPE), slow);
        let class = self.builder.load(W64, Address::new(object, header::TYPE as i32));
        let version = self.builder.load(Width::W32, Address::new(class, object::Type::VERSION as i32));
        self.jump_unless(Width::W32, Condition::Equal, version, Address::new(cache, Entry::VERSION), slow);
        (cache, address)
    }

    /// Loads an attribute; if the helper is that of methods, there is a second result.
    pub(super) fn load_cached(&mut self, value: Value, owner: Value, name: NameId, helper: Helper) -> Lowered {
        let name = Operand::Imm(self.name_word(name)?);
        let is_method = helper == Helper::load_method;
        let (slow, done) = (self.cold(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        let receiver = is_method.then(|| self.builder.add_param(done, Class::Int));
        let object = self.reg(owner);
        let (cache, address) = self.match_cache(owner, slow);
        let base = self.builder.and(W64, object, Address::new(cache, Entry::BASE_MASK));
        let offset = self.builder.load(W64, Address::new(cache, Entry::OFFSET));
        let found = self.builder.load(W64, Address::indexed(base, offset, Scale::One, 0));
        let set = self.builder.new_block();
        self.builder.test_jump(W64, Condition::NotEqual, found, found, to(set), to(slow));
        self.builder.switch_to(set);
        self.increment_any(found);
        let mut results = vec![found];
        if is_method {
            let bound = self.builder.and(W64, object, Address::new(cache, Entry::RECEIVER_MASK));
            self.builder.incref(bound, UNLESS_NULL);
            results.push(bound);
        }
        self.builder.branch(Edge::new(done, results));
        self.builder.switch_to(slow);
        let found = self.raising(value, helper, &[object.into(), name, Operand::Imm(address)])?;
        let mut results = vec![found];
        if is_method {
            let place = self.stack_word(0);
            results.push(self.builder.load(W64, place));
        }
        self.builder.branch(Edge::new(done, results));
        self.builder.switch_to(done);
        self.define(value, result);
        self.second = receiver;
        Ok(())
    }

    /// What is not called, behind a class in the order of the receiver's classes.
    pub(super) fn load_super_attr(&mut self, value: Value, operands: [Value; 3], name: NameId, flags: u32) -> Lowered {
        let arg = self.name_index(name)? << 2 | (flags & 1) << 1;
        let name = Operand::Imm(self.name_word(name)?);
        let address = self.site(SuperCache::new());
        let operands = operands.map(|operand| self.operand(operand));
        self.put_on_stack(&operands)?;
        self.call_raising(value, Helper::load_super_attr, &[Operand::Imm(arg.into()), name, Operand::Imm(address)])
    }

    /// A method behind a class in the order of the receiver's classes.
    pub(super) fn load_super_cached(&mut self, value: Value, operands: [Value; 3], name: NameId, flags: u32) -> Lowered {
        let arg = self.name_index(name)? << 2 | (flags & 1) << 1 | 1;
        let name = Operand::Imm(self.name_word(name)?);
        let (slow, done) = (self.cold(), self.builder.new_block());
        let [result, second] = [(); 2].map(|()| self.builder.add_param(done, Class::Int));
        let address = self.site(SuperCache::new());
        let [super_type, class, receiver] = operands.map(|operand| self.reg(operand));
        let known = object::super_object::SUPER.object().bits();
        self.jump_unless(W64, Condition::Equal, super_type, Operand::Imm(known as i64), slow);
        self.expect_pointer(operands[2], receiver, slow);
        let cache = self.builder.load_imm(address);
        self.jump_unless(W64, Condition::Equal, class, Address::new(cache, SuperCache::CLASS), slow);
        let own_class = self.builder.load(W64, Address::new(receiver, header::TYPE as i32));
        let version = self.builder.load(Width::W32, Address::new(own_class, object::Type::VERSION as i32));
        self.jump_unless(Width::W32, Condition::Equal, version, Address::new(cache, SuperCache::VERSION), slow);
        let method = self.builder.load(W64, Address::new(cache, SuperCache::METHOD));
        self.increment_any(method);
        self.increment_any(receiver);
        self.builder.branch(Edge::new(done, vec![method, receiver]));
        self.builder.switch_to(slow);
        self.put_on_stack(&[super_type.into(), class.into(), receiver.into()])?;
        let found = self.raising(value, Helper::load_super_method, &[Operand::Imm(arg.into()), name, Operand::Imm(address)])?;
        let place = self.stack_word(0);
        let bound = self.builder.load(W64, place);
        self.builder.branch(Edge::new(done, vec![found, bound]));
        self.builder.switch_to(done);
        self.define(value, result);
        self.second = Some(second);
        Ok(())
    }

    pub(super) fn store_cached(&mut self, value: Value, stored: Value, owner: Value, name: NameId) -> Result<(), Refusal> {
        let name = Operand::Imm(self.name_word(name)?);
        let (slow, done) = (self.cold(), self.builder.new_block());
        let (object, word) = (self.reg(owner), self.reg(stored));
        let (cache, address) = self.match_cache(owner, slow);
        self.increment_any(word);
        let offset = self.builder.load(W64, Address::new(cache, Entry::OFFSET));
        let place = Address::indexed(object, offset, Scale::One, 0);
        let old = self.builder.load(W64, place);
        let old = self.builder.and(W64, old, Address::new(cache, Entry::BASE_MASK));
        self.builder.store(W64, place, word);
        let shape = self.builder.load(Width::W32, Address::new(cache, Entry::VALUE));
        self.builder.store(Width::W32, Address::new(object, header::SHAPE as i32), shape);
        self.decrement_any(old);
        self.go(done);
        self.builder.switch_to(slow);
        self.raising(value, Helper::store_attr, &[word.into(), object.into(), name, Operand::Imm(address)])?;
        self.go(done);
        self.builder.switch_to(done);
        Ok(())
    }
}
