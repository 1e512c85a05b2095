//! What the parser reports. Texts are spans of a buffer of the engine's, which they outlive no longer than until the next
//! event is asked for.

use super::dtd::ModelPart;

/// A range of the engine's text buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// An attribute of a start tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: Span,
    pub(crate) value: Span,
}

/// System and public identifier of an external entity, with the base they are relative to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct External {
    pub(crate) base: Option<Span>,
    pub(crate) system_id: Option<Span>,
    pub(crate) public_id: Option<Span>,
}

#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The attributes are the engine's; `specified` of them stand in the document.
    StartElement {
        name: Span,
        specified: usize,
    },
    EndElement {
        name: Span,
    },
    Text(Span),
    Instruction {
        target: Span,
        data: Span,
    },
    Comment(Span),
    StartCdata,
    EndCdata,
    Default(Span),
    StartNamespace {
        prefix: Option<Span>,
        uri: Option<Span>,
    },
    EndNamespace {
        prefix: Option<Span>,
    },
    XmlDeclaration {
        version: Option<Span>,
        encoding: Option<Span>,
        standalone: i64,
    },
    StartDoctype {
        name: Span,
        system_id: Option<Span>,
        public_id: Option<Span>,
        internal_subset: bool,
    },
    EndDoctype,
    ElementDeclaration {
        name: Span,
        model: Vec<ModelPart>,
    },
    AttlistDeclaration {
        element: Span,
        name: Span,
        kind: Span,
        default: Option<Span>,
        required: bool,
    },
    EntityDeclaration {
        name: Span,
        is_parameter: bool,
        value: Option<Span>,
        external: External,
        notation: Option<Span>,
    },
    UnparsedEntity {
        name: Span,
        external: External,
        notation: Span,
    },
    Notation {
        name: Span,
        external: External,
    },
    SkippedEntity {
        name: Span,
        is_parameter: bool,
    },
    /// To be answered: did it go well?
    ExternalEntity {
        context: Option<Span>,
        external: External,
    },
    /// To be answered: may the document be so?
    NotStandalone,
    /// To be answered with a table.
    UnknownEncoding(Span),
}

/// Which events the application wants: bits, in the order of the handlers of `pyexpat`.
pub(crate) mod want {
    pub(crate) const START_ELEMENT: u32 = 1 << 0;
    pub(crate) const END_ELEMENT: u32 = 1 << 1;
    pub(crate) const INSTRUCTION: u32 = 1 << 2;
    pub(crate) const TEXT: u32 = 1 << 3;
    pub(crate) const UNPARSED_ENTITY: u32 = 1 << 4;
    pub(crate) const NOTATION: u32 = 1 << 5;
    pub(crate) const START_NAMESPACE: u32 = 1 << 6;
    pub(crate) const END_NAMESPACE: u32 = 1 << 7;
    pub(crate) const COMMENT: u32 = 1 << 8;
    pub(crate) const START_CDATA: u32 = 1 << 9;
    pub(crate) const END_CDATA: u32 = 1 << 10;
    pub(crate) const DEFAULT: u32 = 1 << 11;
    pub(crate) const NOT_STANDALONE: u32 = 1 << 13;
    pub(crate) const EXTERNAL_ENTITY: u32 = 1 << 14;
    pub(crate) const START_DOCTYPE: u32 = 1 << 15;
    pub(crate) const END_DOCTYPE: u32 = 1 << 16;
    pub(crate) const ENTITY: u32 = 1 << 17;
    pub(crate) const XML_DECLARATION: u32 = 1 << 18;
    pub(crate) const ELEMENT: u32 = 1 << 19;
    pub(crate) const ATTLIST: u32 = 1 << 20;
    pub(crate) const SKIPPED_ENTITY: u32 = 1 << 21;
}
