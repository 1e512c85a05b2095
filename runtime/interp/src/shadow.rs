//! Shadowcode: hot code runs from a private copy whose instructions rewrite themselves.
//!
//! A code object that has been called or has looped often enough ([`threshold`]) gets a copy of its instructions
//! ([`Shadow`]). There, an instruction that has seen its operands becomes a specialised one
//! ([`specialize`]), with what it has seen kept beside it; one that keeps missing becomes a general one
//! and stays so. Python sees the original: `co_code`, `dis` and tracing never look at the copy.
//!
//! Specialised instructions, and the frequent simple ones, have handlers of their own
//! ([`handlers`]) that go from one to the next without coming back to the evaluation loop: each ends in a call of
//! the next handler that the optimiser makes a jump. A handler does only what is quick and cannot
//! raise, or calls native code. For all else it goes back to the loop, which executes the original
//! instruction: so what an instruction means is written once, in `eval.rs`.
//!
//! The word of an instruction in a copy: opcode in bits 0 to 7; the distance to the site's data, or of a jump, in bits
//! 8 to 30; bit 31 is set; the operand, unchanged, in bits 32 to 63.

use crate::code::CodeObject;
use bytecode::opcode::Arg;
use bytecode::{Instr, Opcode};
use object::attribute::cache::{Noted, Polymorphic, Site, SiteKind};
use object::class::class_of_version;
use object::dict::{GlobalCell, ModuleSite};
use object::super_object::site::{self as super_site, SuperSite};
use object::{Object, Ref};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

mod adaptive;
pub(crate) mod dispatch;
pub mod feedback;
mod handlers;
pub mod listing;
pub mod opcode;
mod specialize;

pub(crate) use adaptive::adaptive_code;
pub(crate) use handlers::containers::plain_slice;
use opcode::Specialized;

/// Marks the words of a copy.
const SHADOW: u64 = 1 << 31;
const DISTANCE_SHIFT: u32 = 8;
const DISTANCE_MASK: u64 = (1 << 23) - 1;

/// Words of a site's data: how often it missed, then what it has seen, or, of a loop, how far the jump is. Of a `LOAD_CONST` there is
/// one word, the constant.
const SITE_WORDS: usize = 3;

/// Calls and backward jumps after which code is copied.
const DEFAULT_THRESHOLD: u32 = 50;

static THRESHOLD: AtomicU32 = AtomicU32::new(DEFAULT_THRESHOLD);

/// How many calls or backward jumps make new code objects hot: 1 means at once, 0 never.
pub fn set_threshold(calls: u32) {
    THRESHOLD.store(calls, Ordering::Relaxed);
}

/// See [`set_threshold`].
pub fn threshold() -> u32 {
    THRESHOLD.load(Ordering::Relaxed)
}

/// Whether sites that see several classes remember up to four.
static POLYMORPHIC: AtomicBool = AtomicBool::new(true);

/// Says whether sites that see several classes remember up to four, or get the general form.
pub fn set_polymorphic(enabled: bool) {
    POLYMORPHIC.store(enabled, Ordering::Relaxed);
}

/// See [`set_polymorphic`].
pub fn is_polymorphic() -> bool {
    POLYMORPHIC.load(Ordering::Relaxed)
}

/// The copy of a code object's instructions, with the data of their sites behind them.
pub(crate) struct Shadow {
    words: Box<[Cell<u64>]>,
    n_instructions: usize,
    /// What sites with several classes have seen; the sites have the addresses.
    #[expect(clippy::vec_box, reason = "the addresses must stay")]
    polymorphic: RefCell<Vec<Box<Polymorphic>>>,
    /// What `super().name` has found; the sites have the addresses.
    #[expect(clippy::vec_box, reason = "the addresses must stay")]
    super_sites: RefCell<Vec<Box<SuperSite>>>,
    /// The cells of global names; the sites have the addresses.
    cells: RefCell<Vec<Rc<GlobalCell>>>,
}

impl Shadow {
    /// A copy in which nothing is specialised yet; `None` for code too long for distances. The code, which owns the copy, owns the
    /// constants. `counts_jumps`: those backward.
    pub(crate) fn new(instructions: &[Instr], constants: &[Object], counts_jumps: bool) -> Option<Shadow> {
        let n = instructions.len();
        let n_sites = instructions.iter().filter(|instruction| has_site(**instruction)).count();
        if 2 * n + n_sites * SITE_WORDS > DISTANCE_MASK as usize / 2 {
            return None;
        }
        let mut words = Vec::with_capacity(n + n_sites * SITE_WORDS);
        let mut sites = Vec::with_capacity(n_sites * SITE_WORDS);
        for (index, &instruction) in instructions.iter().enumerate() {
            let is_jump = instruction.opcode().is_some_and(|opcode| opcode.info().arg == Arg::Jump);
            let to_target = if is_jump { i64::from(instruction.arg()) - index as i64 } else { 0 };
            let mut distance = 0;
            if instruction.opcode() == Some(Opcode::LoadConst) {
                distance = (n + sites.len() - index) as u64;
                sites.push(constants[instruction.arg() as usize].borrow().bits());
            } else if has_site(instruction) {
                distance = (n + sites.len() - index) as u64;
                sites.extend([0, 0, to_target as u64]);
            } else if is_jump {
                distance = to_target as u64 & DISTANCE_MASK;
            }
            let bare = instruction.0 & !(DISTANCE_MASK << DISTANCE_SHIFT | SHADOW);
            let is_counted = counts_jumps && instruction.opcode() == Some(Opcode::JumpBackward);
            let bare = if is_counted { bare & !0xff | Specialized::JumpBackwardCounted as u64 } else { bare };
            let bare = if is_awaited_call(instructions, index) { bare & !0xff | Specialized::CallAwaited as u64 } else { bare };
            words.push(Cell::new(bare | distance << DISTANCE_SHIFT | SHADOW));
        }
        words.extend(sites.into_iter().map(Cell::new));
        Some(Shadow {
            words: words.into_boxed_slice(),
            n_instructions: n,
            polymorphic: RefCell::default(),
            super_sites: RefCell::default(),
            cells: RefCell::default(),
        })
    }

    pub(crate) fn entry(&self) -> *const Instr {
        self.words.as_ptr().cast()
    }

    /// The index of an instruction, if it is one of this copy.
    pub(crate) fn index_of(&self, instruction: *const Instr) -> Option<usize> {
        let offset = instruction.addr().wrapping_sub(self.entry().addr());
        (offset < self.n_instructions * size_of::<Instr>()).then_some(offset / size_of::<Instr>())
    }

    /// Room for what one more site with several classes sees.
    fn new_polymorphic(&self) -> *const Polymorphic {
        let entry = Box::<Polymorphic>::default();
        let address: *const Polymorphic = &raw const *entry;
        self.polymorphic.borrow_mut().push(entry);
        address
    }

    /// Room for what one more `super().name` finds.
    fn new_super_site(&self) -> *const SuperSite {
        let site = Box::<SuperSite>::default();
        let address: *const SuperSite = &raw const *site;
        self.super_sites.borrow_mut().push(site);
        address
    }

    /// Forgets everything: the instructions become the ones they were at first, in place, so that code that
    /// runs just goes on.
    pub(crate) fn reset(&self) {
        for index in 0..self.n_instructions {
            let word = &self.words[index];
            let byte = word.get() as u8;
            let original = opcode::ORIGINAL[usize::from(byte)];
            if byte != Specialized::CallAwaited as u8 && byte != Specialized::JumpBackwardCounted as u8 {
                word.set(word.get() & !0xff | original as u64);
            }
            if let Some(site) = self.site(index) {
                // The last word of a loop's site says where it ends.
                let n = if original == Opcode::ForIter { SITE_WORDS - 1 } else { SITE_WORDS };
                site[..n].iter().for_each(|word| word.set(0));
            }
        }
        self.polymorphic.borrow_mut().clear();
        self.super_sites.borrow_mut().clear();
        self.cells.borrow_mut().clear();
    }

    /// Keeps a cell, whose address a site is to have.
    fn keep_cell(&self, cell: Rc<GlobalCell>) -> u64 {
        let address = Rc::as_ptr(&cell);
        let mut cells = self.cells.borrow_mut();
        if !cells.iter().any(|kept| Rc::ptr_eq(kept, &cell)) {
            cells.push(cell);
        }
        address.expose_provenance() as u64
    }

    /// Forgets the cells of global names.
    fn forget_cells(&self) {
        for index in 0..self.n_instructions {
            let word = &self.words[index];
            if opcode::ORIGINAL[usize::from(word.get() as u8)] == Opcode::LoadGlobal {
                word.set(word.get() & !0xff | Opcode::LoadGlobal as u64);
            }
        }
    }

    /// The data of an instruction's site, if it has one: the number of misses, then what its form keeps.
    fn site(&self, index: usize) -> Option<&[Cell<u64>; SITE_WORDS]> {
        let word = self.words[index].get();
        let original = opcode::ORIGINAL[usize::from(word as u8)];
        let distance = (word >> DISTANCE_SHIFT & DISTANCE_MASK) as usize;
        has_site(Instr::new(original, 0)).then(|| self.words[index + distance..].first_chunk())?
    }

    /// What a site noted of an attribute's owner.
    fn noted(&self, index: usize) -> Option<Noted> {
        let site = self.site(index)?;
        // SAFETY: any two words are a `Site`, whose form the caller knows by the opcode.
        unsafe { &*(&raw const site[1]).cast::<Site>() }.noted()
    }

    /// The versions of the classes that an instruction with a general form saw when it got that.
    fn noted_versions(&self, index: usize) -> Option<[u32; 2]> {
        let word = self.site(index)?[1].get();
        Some([word as u32, (word >> 32) as u32])
    }

    /// How often an instruction missed.
    fn misses(&self, index: usize) -> u64 {
        self.site(index).map_or(0, |site| site[0].get())
    }

    /// What the site of a module's attribute noted.
    fn noted_of_module(&self, index: usize) -> Option<&ModuleSite> {
        let site = self.site(index)?;
        // SAFETY: any two words are a `ModuleSite`, whose form the caller knows by the opcode.
        Some(unsafe { &*(&raw const site[1]).cast::<ModuleSite>() })
    }

    /// The cell of a global name.
    fn noted_cell(&self, index: usize) -> Option<Rc<GlobalCell>> {
        let address = self.site(index)?[1].get();
        self.cells.borrow().iter().find(|cell| Rc::as_ptr(cell).addr() as u64 == address).cloned()
    }

    /// What a site with several classes noted, and whether these were too many for it.
    fn noted_several(&self, index: usize) -> Option<(Vec<(Noted, Option<SiteKind>)>, bool)> {
        let address = self.site(index)?[1].get();
        let several = self.polymorphic.borrow();
        let entry = several.iter().find(|entry| (&raw const ***entry).addr() as u64 == address)?;
        Some((entry.noted().collect(), entry.is_overfull()))
    }

    /// What `super().name` has found, and whether the receivers were too many for it.
    fn noted_behind(&self, index: usize) -> Option<(Vec<super_site::Noted>, bool)> {
        let address = self.site(index)?[1].get();
        let sites = self.super_sites.borrow();
        let site = sites.iter().find(|site| (&raw const ***site).addr() as u64 == address)?;
        Some((site.noted().collect(), site.is_overfull()))
    }

    /// The opcode of an instruction as it is now.
    fn opcode_byte(&self, index: usize) -> u8 {
        self.words[index].get() as u8
    }

    /// Opcodes and operands as they are now.
    fn instructions(&self) -> impl Iterator<Item = (u8, u32)> + '_ {
        self.words[..self.n_instructions].iter().map(|word| (word.get() as u8, (word.get() >> 32) as u32))
    }
}

impl Drop for Shadow {
    fn drop(&mut self) {
        listing::forget(self);
    }
}

/// The object that a site noted of a class, if one of the classes, by version, is still the one it was.
fn noted_object(noted: Noted) -> Option<Object> {
    // SAFETY: while the version holds, so does the namespace that holds the value.
    class_of_version(noted.version).map(|_| unsafe { Ref::from_bits(noted.value) }.to_owned())
}

/// Whether an instruction keeps data about what it has seen.
fn has_site(instruction: Instr) -> bool {
    instruction.opcode().is_some_and(|opcode| {
        matches!(
            opcode,
            Opcode::BinaryOp
                | Opcode::CompareOp
                | Opcode::LoadGlobal
                | Opcode::LoadAttr
                | Opcode::StoreAttr
                | Opcode::LoadSuperAttr
                | Opcode::ForIter
                | Opcode::StoreSubscr
                | Opcode::Call
                | Opcode::ToBool
                | Opcode::ContainsOp
                | Opcode::UnpackSequence
        )
    })
}

/// [`CodeObject::scope`] of code that no function has had yet ...
pub(crate) const NO_SCOPE: [u64; 2] = [0, 0];
/// ... and of code that functions with different globals or builtins have.
const SEVERAL_SCOPES: [u64; 2] = [1, 1];

/// The instructions of `await f()`: call, `GET_AWAITABLE`, `LOAD_CONST None`, `SEND`.
pub(crate) const AWAITED_CALL: usize = 4;

/// Whether the instruction at `index` calls what is awaited at once.
fn is_awaited_call(instructions: &[Instr], index: usize) -> bool {
    let Some(&[call, awaitable, constant, send]) = instructions.get(index..index + AWAITED_CALL) else { return false };
    let opcodes = [call, awaitable, constant, send].map(Instr::opcode);
    let end = instructions.get(send.arg() as usize).and_then(|end| end.opcode());
    opcodes == [Opcode::Call, Opcode::GetAwaitable, Opcode::LoadConst, Opcode::Send].map(Some) && awaitable.arg() == 0 && end == Some(Opcode::EndSend)
}

/// Where code goes on after the awaited call at `call` gave a result without waiting.
///
/// # Safety
///
/// The instruction is an awaited call of this code.
#[inline]
pub(crate) unsafe fn after_await(code: &CodeObject, call: *const Instr) -> *const Instr {
    // SAFETY: the caller's promise.
    unsafe {
        let send = *call.add(AWAITED_CALL - 1);
        code.entry().add(send.arg() as usize + 1)
    }
}

/// Whether an instruction belongs to a copy.
#[inline(always)]
pub(crate) fn is_shadow(word: u64) -> bool {
    word & SHADOW != 0
}

/// The original opcode of an instruction of code or copy.
#[inline(always)]
pub(crate) fn original(instruction: Instr) -> Opcode {
    opcode::ORIGINAL[usize::from(instruction.opcode_byte())]
}

impl CodeObject {
    /// Forgets what the code's instructions have seen, and has it run from the original ones until it has been called or
    /// has looped as often as new code must; 0: for good.
    pub fn cool_down(&self, threshold: u32) {
        self.entry.set(self.data.instructions.as_ptr());
        self.warmth.set(threshold);
        self.forget_seen();
    }

    /// Forgets what the code's instructions have seen; it stays hot.
    pub fn forget_seen(&self) {
        if let Some(shadow) = self.shadow.get() {
            shadow.reset();
        }
    }

    /// Notes globals and builtins that a function with this code has. Sites of global names know one pair.
    pub(crate) fn note_scope(&self, globals: Ref<'_>, builtins: Ref<'_>) {
        let scope = [globals.bits(), builtins.bits()];
        match self.scope.get() {
            known if known == scope || known == SEVERAL_SCOPES => {}
            NO_SCOPE => self.scope.set(scope),
            _ => {
                self.scope.set(SEVERAL_SCOPES);
                if let Some(shadow) = self.shadow.get() {
                    shadow.forget_cells();
                }
            }
        }
    }

    /// Whether functions with this code have had different globals or builtins.
    pub(crate) fn has_several_scopes(&self) -> bool {
        self.scope.get() == SEVERAL_SCOPES
    }

    /// Counts a call or a backward jump; makes the copy when there were enough of them.
    #[inline(always)]
    pub(crate) fn warm_up(&self) {
        let left = self.warmth.get();
        if left != 0 {
            self.warmth.set(left - 1);
            if left == 1 {
                self.make_shadow();
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn make_shadow(&self) {
        let counts_jumps = self.compiled.counts_jumps(self.data.flags);
        if let Some(shadow) = Shadow::new(&self.data.instructions, &self.constants, counts_jumps) {
            let shadow = self.shadow.get_or_init(|| shadow);
            self.entry.set(shadow.entry());
            self.compiled.warmed_up(self.data.flags);
            listing::note(self);
        }
    }
}
