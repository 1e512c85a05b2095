//! New instances of Python classes: a free cell of the heap, if there is one, becomes an instance without a call.

use super::{Lowering, W64, to};
use crate::helpers::Helper;
use abi::header;
use abi::heap::{GRANULE, SEGMENT};
use lir::{Address, Class, Condition, Edge, Operand, Reg, Scale, Width};
use object::Ref;
use object::heap::quick::{self, Quick};
use object::instance::Blank;

/// Instances with more words than that are made by the runtime.
const MOST_WORDS: usize = 24;

impl Lowering<'_, '_> {
    /// A new instance of a class, without attributes.
    pub(super) fn allocate(&mut self, class: Ref<'_>) -> Reg {
        let blank = class.downcast::<object::Type>().and_then(|class| Blank::of(class.get()));
        let word = class.bits() as i64;
        let quick = blank.filter(|blank| blank.zeroed.len() <= 8 * MOST_WORDS).and_then(|blank| Some((quick::traced(blank.size)?, blank)));
        match quick {
            Some((quick, blank)) => self.allocate_quickly(word, &quick, &blank),
            None => self.helper(Helper::allocate, &[Operand::Imm(word)]),
        }
    }

    fn allocate_quickly(&mut self, class_word: i64, quick: &Quick, blank: &Blank) -> Reg {
        let (slow, due, done) = (self.cold(), self.cold(), self.builder.new_block());
        let result = self.builder.add_param(done, Class::Int);
        let class = self.builder.load_imm(class_word);
        let same_shape = self.builder.new_block();
        let root_shape = Address::new(class, Blank::ROOT_SHAPE as i32);
        self.builder.compare_jump(Width::W32, Condition::Equal, root_shape, i64::from(blank.shape), to(same_shape), to(slow));
        self.builder.switch_to(same_shape);
        let place = self.builder.load_imm(quick.block as i64);
        let block = self.builder.load(W64, Address::new(place, 0));
        self.go_on_unless_null(block, slow);
        let cell = self.builder.load(W64, Address::new(block, Quick::FREE));
        self.go_on_unless_null(cell, slow);
        let counter = self.builder.load_imm(quick.until_collection as i64);
        let counted = self.builder.new_block();
        self.builder.sub_memory_jump(W64, Condition::Less, Address::new(counter, 0), 1, to(due), to(counted));
        self.builder.switch_to(counted);
        let next = self.builder.load(W64, Address::new(cell, 0));
        self.builder.store(W64, Address::new(block, Quick::FREE), next);
        self.builder.add_memory(Width::W32, Address::new(block, Quick::LIVE), 1);
        self.builder.store(Width::W8, Address::new(block, Quick::YOUNG), 1);
        self.mark_alive(cell, quick.alive);
        self.write_header(cell, class, blank);
        self.builder.branch(Edge::new(done, vec![cell]));
        self.builder.switch_to(due);
        // The runtime counts anew.
        let counter = self.builder.load_imm(quick.until_collection as i64);
        self.builder.add_memory(W64, Address::new(counter, 0), 1);
        self.go(slow);
        self.builder.switch_to(slow);
        let made = self.helper(Helper::allocate, &[Operand::Imm(class_word)]);
        self.join(done, made);
        result
    }

    fn go_on_unless_null(&mut self, word: Reg, null: lir::BlockId) {
        let set = self.builder.new_block();
        self.builder.test_jump(W64, Condition::Equal, word, word, to(null), to(set));
        self.builder.switch_to(set);
    }

    /// Writes the byte of the side table, which is at the start of the segment.
    fn mark_alive(&mut self, cell: Reg, alive: u8) {
        let segment = self.builder.and(W64, cell, -(SEGMENT as i64));
        let offset = self.builder.sub(W64, cell, segment);
        let granule = self.builder.shr(W64, offset, i64::from(GRANULE.trailing_zeros()));
        self.builder.store(Width::W8, Address::indexed(segment, granule, Scale::One, 0), i64::from(alive));
    }

    fn write_header(&mut self, cell: Reg, class: Reg, blank: &Blank) {
        self.builder.store(Width::W32, Address::new(cell, header::REFCOUNT as i32), 1);
        self.builder.store(Width::W32, Address::new(cell, header::SHAPE as i32), i64::from(blank.shape));
        self.builder.store(W64, Address::new(cell, header::TYPE as i32), class);
        for offset in blank.zeroed.clone().step_by(8) {
            self.builder.store(W64, Address::new(cell, offset as i32), 0);
        }
        // The instance refers to its class.
        self.increment_pointer(class);
    }
}
