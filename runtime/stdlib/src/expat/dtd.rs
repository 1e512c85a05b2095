//! What a document type declaration declares, and the accounts that keep entities from growing without bound.

use super::error::XmlError;
use super::role::Quantifier;
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

/// An entity, general or parameter.
#[derive(Clone, Debug, Default)]
pub(super) struct Entity {
    pub(super) name: Vec<u8>,
    /// The replacement text of an internal entity.
    pub(super) text: Option<Rc<[u8]>>,
    pub(super) system_id: Option<Vec<u8>>,
    pub(super) public_id: Option<Vec<u8>>,
    pub(super) base: Option<Vec<u8>>,
    pub(super) notation: Option<Vec<u8>>,
    /// It is being expanded.
    pub(super) open: bool,
    pub(super) is_parameter: bool,
    /// Declared in the document itself, outside of any entity.
    pub(super) is_internal: bool,
}

#[derive(Clone, Debug)]
pub(super) struct AttributeDefault {
    pub(super) name: Vec<u8>,
    /// The value is not normalised further.
    pub(super) is_cdata: bool,
    pub(super) value: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub(super) struct Dtd {
    pub(super) entities: Vec<Entity>,
    pub(super) general: HashMap<Vec<u8>, usize>,
    pub(super) parameter: HashMap<Vec<u8>, usize>,
    /// Declared attributes by element.
    pub(super) attributes: HashMap<Vec<u8>, Vec<AttributeDefault>>,
    /// Declarations still count: no parameter entity was left out.
    pub(super) keep_processing: bool,
    pub(super) has_parameter_refs: bool,
    pub(super) standalone: bool,
    /// The application has read the parameter entity it was told of last.
    pub(super) parameter_read: bool,
}

impl Dtd {
    pub(super) fn new() -> Dtd {
        Dtd {
            entities: Vec::new(),
            general: HashMap::new(),
            parameter: HashMap::new(),
            attributes: HashMap::new(),
            keep_processing: true,
            has_parameter_refs: false,
            standalone: false,
            parameter_read: false,
        }
    }

    pub(super) fn find(&self, name: &[u8], is_parameter: bool) -> Option<usize> {
        if is_parameter { self.parameter.get(name) } else { self.general.get(name) }.copied()
    }

    /// A new entity, or `None` if there is one of this name.
    pub(super) fn declare(&mut self, name: &[u8], is_parameter: bool) -> Option<usize> {
        if self.find(name, is_parameter).is_some() {
            return None;
        }
        let index = self.entities.len();
        self.entities.push(Entity { name: name.to_vec(), is_parameter, ..Entity::default() });
        let names = if is_parameter { &mut self.parameter } else { &mut self.general };
        names.insert(name.to_vec(), index);
        Some(index)
    }
}

/// What kind of part of a content model it is. The numbers are those of `pyexpat.model`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModelKind {
    Empty = 1,
    Any = 2,
    Mixed = 3,
    Name = 4,
    Choice = 5,
    Sequence = 6,
}

/// A part of a content model. Children are indexes into the list of parts, whose first is the whole.
#[derive(Clone, Debug)]
pub(crate) struct ModelPart {
    pub(super) kind: ModelKind,
    pub(super) quantifier: Quantifier,
    pub(super) name: Option<Vec<u8>>,
    pub(super) children: Vec<usize>,
}

/// How much input there was and how much was made of it, for a parser and all its children.
#[derive(Debug)]
pub(super) struct Accounts {
    /// Bytes of the document itself.
    direct: Cell<u64>,
    /// Bytes of entities.
    indirect: Cell<u64>,
    pub(super) threshold: Cell<u64>,
    pub(super) factor: Cell<f64>,
    /// Bytes of memory, as far as they depend on the document.
    allocated: Cell<u64>,
    pub(super) allocation_threshold: Cell<u64>,
    pub(super) allocation_factor: Cell<f64>,
}

/// The bytes of the shortest document that includes an entity from elsewhere.
const SHORTEST_INCLUDE: u64 = 22;
/// What a new parser takes.
const PARSER_SIZE: u64 = 4096;

impl Accounts {
    pub(super) fn new() -> Accounts {
        Accounts {
            direct: Cell::new(0),
            indirect: Cell::new(0),
            threshold: Cell::new(8 << 20),
            factor: Cell::new(100.0),
            allocated: Cell::new(PARSER_SIZE),
            allocation_threshold: Cell::new(64 << 20),
            allocation_factor: Cell::new(100.0),
        }
    }

    /// Counts bytes of the document, if `direct`, or of an entity.
    pub(super) fn count(&self, bytes: usize, direct: bool) -> Result<(), XmlError> {
        let account = if direct { &self.direct } else { &self.indirect };
        account.set(account.get().saturating_add(bytes as u64));
        let (direct, indirect) = (self.direct.get(), self.indirect.get());
        if direct + indirect < self.threshold.get() {
            return Ok(());
        }
        let amplification =
            if direct > 0 { (direct + indirect) as f64 / direct as f64 } else { (SHORTEST_INCLUDE + indirect) as f64 / SHORTEST_INCLUDE as f64 };
        if amplification <= self.factor.get() { Ok(()) } else { Err(XmlError::AmplificationLimitBreach) }
    }

    /// Counts memory that stays in use.
    pub(super) fn allocate(&self, bytes: usize) -> Result<(), XmlError> {
        let allocated = self.allocated.get().saturating_add(bytes as u64);
        self.allocated.set(allocated);
        let direct = self.direct.get();
        if allocated < self.allocation_threshold.get() || direct == 0 || allocated as f64 / direct as f64 <= self.allocation_factor.get() {
            return Ok(());
        }
        Err(XmlError::NoMemory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_limited() {
        let accounts = Accounts::new();
        assert_eq!(accounts.count(1000, true), Ok(()));
        assert_eq!(accounts.count(90_000, false), Ok(()));
        assert_eq!(accounts.count(9 << 20, false), Err(XmlError::AmplificationLimitBreach));
    }
}
