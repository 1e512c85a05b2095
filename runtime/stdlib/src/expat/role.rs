//! What a token outside the document element means: a state machine over the grammar of the prolog and of
//! the document type declaration.

use super::prolog_token::Kind;

/// What a token is, in its place. The `…Rest` roles are the parts of a declaration that say nothing themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Error,
    None,
    XmlDeclaration,
    TextDeclaration,
    InstanceStart,
    Instruction,
    Comment,
    DoctypeRest,
    DoctypeName,
    DoctypeSystemId,
    DoctypePublicId,
    DoctypeInternalSubset,
    DoctypeClose,
    EntityRest,
    GeneralEntityName,
    ParameterEntityName,
    EntityValue,
    EntitySystemId,
    EntityPublicId,
    EntityComplete,
    EntityNotationName,
    NotationRest,
    NotationName,
    NotationSystemId,
    NotationNoSystemId,
    NotationPublicId,
    AttlistRest,
    AttlistElementName,
    AttributeName,
    AttributeType(&'static str),
    AttributeEnumValue,
    AttributeNotationValue,
    ImpliedAttribute,
    RequiredAttribute,
    DefaultAttribute,
    FixedAttribute,
    ElementRest,
    ElementName,
    ContentAny,
    ContentEmpty,
    ContentPcdata,
    GroupOpen,
    GroupClose(Quantifier),
    GroupChoice,
    GroupSequence,
    ContentElement(Quantifier),
    IgnoreSection,
    /// A reference between declarations.
    ParameterRef,
    /// A reference within a declaration.
    InnerParameterRef,
}

/// How often a part of a content model may occur. The numbers are those of `pyexpat.model`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantifier {
    Once = 0,
    Optional = 1,
    Repeated = 2,
    Plus = 3,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    BeforeDoctype,
    AfterDoctype,
    DoctypeOpen,
    DoctypeNamed,
    DoctypePublic,
    DoctypeSystem,
    DoctypeIdentified,
    DoctypeEnd,
    InternalSubset,
    ExternalStart,
    ExternalSubset,
    SectionKeyword,
    SectionInclude,
    SectionIgnore,
    EntityOpen,
    EntityNamed,
    EntityPublic,
    EntitySystem,
    EntityIdentified,
    EntityNotation,
    ParameterOpen,
    ParameterNamed,
    ParameterPublic,
    ParameterSystem,
    ParameterIdentified,
    NotationOpen,
    NotationNamed,
    NotationPublic,
    NotationSystem,
    NotationIdentified,
    AttlistOpen,
    AttlistNamed,
    AttributeNamed,
    EnumValue,
    EnumNext,
    NotationTypeOpen,
    NotationType,
    NotationTypeNext,
    AttributeTyped,
    AttributeFixed,
    ElementOpen,
    ElementNamed,
    GroupStart,
    MixedStart,
    MixedName,
    MixedNext,
    Group,
    GroupNext,
    DeclarationEnd,
    Failed,
}

/// The machine.
#[derive(Clone, Debug)]
pub(super) struct Prolog {
    state: State,
    /// What white space before the end of the current declaration is.
    rest: Role,
    /// How deep in groups of a content model.
    pub(super) level: usize,
    include_level: usize,
    /// The tokens are the document's own, not those of an external entity.
    pub(super) document: bool,
}

const ATTRIBUTE_TYPES: [&str; 8] = ["CDATA", "ID", "IDREF", "IDREFS", "ENTITY", "ENTITIES", "NMTOKEN", "NMTOKENS"];

impl Prolog {
    pub(super) fn document() -> Prolog {
        Prolog { state: State::Start, rest: Role::None, level: 0, include_level: 0, document: true }
    }

    /// For an external subset or an external parameter entity.
    pub(super) fn external() -> Prolog {
        Prolog { state: State::ExternalStart, document: false, ..Prolog::document() }
    }

    /// What the token is; `text` is the token's. The machine moves on.
    pub(super) fn role(&mut self, kind: Kind, text: &[u8]) -> Role {
        let role = match self.state {
            State::Start | State::BeforeDoctype | State::AfterDoctype => self.outside(kind, text),
            State::DoctypeOpen | State::DoctypeNamed | State::DoctypePublic | State::DoctypeSystem | State::DoctypeIdentified | State::DoctypeEnd => {
                self.doctype(kind, text)
            }
            State::InternalSubset => self.subset(kind, text),
            State::ExternalStart if kind == Kind::XmlDeclaration => self.go(State::ExternalSubset, Role::TextDeclaration),
            State::ExternalStart | State::ExternalSubset => self.external_subset(kind, text),
            State::SectionKeyword | State::SectionInclude | State::SectionIgnore => self.section(kind, text),
            State::EntityOpen | State::EntityNamed | State::EntityPublic | State::EntitySystem | State::EntityIdentified | State::EntityNotation => {
                self.entity(kind, text)
            }
            State::ParameterOpen | State::ParameterNamed | State::ParameterPublic | State::ParameterSystem | State::ParameterIdentified => {
                self.parameter(kind, text)
            }
            State::NotationOpen | State::NotationNamed | State::NotationPublic | State::NotationSystem | State::NotationIdentified => {
                self.notation(kind, text)
            }
            State::AttlistOpen | State::AttlistNamed | State::AttributeNamed | State::AttributeTyped | State::AttributeFixed => {
                self.attlist(kind, text)
            }
            State::EnumValue | State::EnumNext | State::NotationTypeOpen | State::NotationType | State::NotationTypeNext => self.attribute_type(kind),
            State::ElementOpen | State::ElementNamed | State::GroupStart => self.element(kind, text),
            State::MixedStart | State::MixedName | State::MixedNext => self.mixed(kind),
            State::Group | State::GroupNext => self.group(kind),
            State::DeclarationEnd => match kind {
                Kind::Space => Some(self.rest),
                Kind::DeclarationClose => self.top_level(self.rest),
                _ => None,
            },
            State::Failed => Some(Role::None),
        };
        match role {
            Some(role) => role,
            None if !self.document && kind == Kind::ParameterRef => Role::InnerParameterRef,
            None => {
                self.state = State::Failed;
                Role::Error
            }
        }
    }

    fn go(&mut self, state: State, role: Role) -> Option<Role> {
        self.state = state;
        Some(role)
    }

    /// After a declaration.
    fn top_level(&mut self, role: Role) -> Option<Role> {
        self.go(if self.document { State::InternalSubset } else { State::ExternalSubset }, role)
    }

    /// Only the end of the declaration may follow.
    fn closing(&mut self, rest: Role, role: Role) -> Option<Role> {
        self.rest = rest;
        self.go(State::DeclarationEnd, role)
    }

    fn outside(&mut self, kind: Kind, text: &[u8]) -> Option<Role> {
        let started = if self.state == State::Start { State::BeforeDoctype } else { self.state };
        match kind {
            Kind::Space => self.go(started, Role::None),
            Kind::XmlDeclaration if self.state == State::Start => self.go(started, Role::XmlDeclaration),
            Kind::Instruction => self.go(started, Role::Instruction),
            Kind::Comment => self.go(started, Role::Comment),
            Kind::DeclarationOpen if self.state != State::AfterDoctype && text == b"<!DOCTYPE" => self.go(State::DoctypeOpen, Role::DoctypeRest),
            Kind::InstanceStart => self.go(State::Failed, Role::InstanceStart),
            _ => None,
        }
    }

    fn doctype(&mut self, kind: Kind, text: &[u8]) -> Option<Role> {
        match (self.state, kind) {
            (_, Kind::Space) => Some(Role::DoctypeRest),
            (State::DoctypeOpen, Kind::Name | Kind::PrefixedName) => self.go(State::DoctypeNamed, Role::DoctypeName),
            (State::DoctypeNamed | State::DoctypeIdentified, Kind::OpenBracket) => self.go(State::InternalSubset, Role::DoctypeInternalSubset),
            (State::DoctypeNamed | State::DoctypeIdentified | State::DoctypeEnd, Kind::DeclarationClose) => {
                self.go(State::AfterDoctype, Role::DoctypeClose)
            }
            (State::DoctypeNamed, Kind::Name) if text == b"SYSTEM" => self.go(State::DoctypeSystem, Role::DoctypeRest),
            (State::DoctypeNamed, Kind::Name) if text == b"PUBLIC" => self.go(State::DoctypePublic, Role::DoctypeRest),
            (State::DoctypePublic, Kind::Literal) => self.go(State::DoctypeSystem, Role::DoctypePublicId),
            (State::DoctypeSystem, Kind::Literal) => self.go(State::DoctypeIdentified, Role::DoctypeSystemId),
            _ => None,
        }
    }

    fn subset(&mut self, kind: Kind, text: &[u8]) -> Option<Role> {
        match kind {
            Kind::Space | Kind::None => Some(Role::None),
            Kind::Instruction => Some(Role::Instruction),
            Kind::Comment => Some(Role::Comment),
            Kind::ParameterRef => Some(Role::ParameterRef),
            Kind::CloseBracket => self.go(State::DoctypeEnd, Role::DoctypeRest),
            Kind::DeclarationOpen => match text {
                b"<!ENTITY" => self.go(State::EntityOpen, Role::EntityRest),
                b"<!ATTLIST" => self.go(State::AttlistOpen, Role::AttlistRest),
                b"<!ELEMENT" => self.go(State::ElementOpen, Role::ElementRest),
                b"<!NOTATION" => self.go(State::NotationOpen, Role::NotationRest),
                _ => None,
            },
            _ => None,
        }
    }

    fn external_subset(&mut self, kind: Kind, text: &[u8]) -> Option<Role> {
        self.state = State::ExternalSubset;
        match kind {
            Kind::SectionOpen => self.go(State::SectionKeyword, Role::None),
            Kind::SectionClose | Kind::None if (kind == Kind::None) != (self.include_level > 0) => {
                self.include_level = self.include_level.saturating_sub(1);
                Some(Role::None)
            }
            Kind::SectionClose | Kind::None | Kind::CloseBracket => None,
            _ => self.subset(kind, text),
        }
    }

    fn section(&mut self, kind: Kind, text: &[u8]) -> Option<Role> {
        match (self.state, kind) {
            (_, Kind::Space) => Some(Role::None),
            (State::SectionKeyword, Kind::Name) if text == b"INCLUDE" => self.go(State::SectionInclude, Role::None),
            (State::SectionKeyword, Kind::Name) if text == b"IGNORE" => self.go(State::SectionIgnore, Role::None),
            (State::SectionInclude, Kind::OpenBracket) => {
                self.include_level += 1;
                self.go(State::ExternalSubset, Role::None)
            }
            (State::SectionIgnore, Kind::OpenBracket) => self.go(State::ExternalSubset, Role::IgnoreSection),
            _ => None,
        }
    }

    fn entity(&mut self, kind: Kind, text: &[u8]) -> Option<Role> {
        match (self.state, kind) {
            (_, Kind::Space) => Some(Role::EntityRest),
            (State::EntityOpen, Kind::Percent) => self.go(State::ParameterOpen, Role::EntityRest),
            (State::EntityOpen, Kind::Name) => self.go(State::EntityNamed, Role::GeneralEntityName),
            (State::EntityNamed, Kind::Name) if text == b"SYSTEM" => self.go(State::EntitySystem, Role::EntityRest),
            (State::EntityNamed, Kind::Name) if text == b"PUBLIC" => self.go(State::EntityPublic, Role::EntityRest),
            (State::EntityNamed, Kind::Literal) => self.closing(Role::EntityRest, Role::EntityValue),
            (State::EntityPublic, Kind::Literal) => self.go(State::EntitySystem, Role::EntityPublicId),
            (State::EntitySystem, Kind::Literal) => self.go(State::EntityIdentified, Role::EntitySystemId),
            (State::EntityIdentified, Kind::DeclarationClose) => self.top_level(Role::EntityComplete),
            (State::EntityIdentified, Kind::Name) if text == b"NDATA" => self.go(State::EntityNotation, Role::EntityRest),
            (State::EntityNotation, Kind::Name) => self.closing(Role::EntityRest, Role::EntityNotationName),
            _ => None,
        }
    }

    fn parameter(&mut self, kind: Kind, text: &[u8]) -> Option<Role> {
        match (self.state, kind) {
            (_, Kind::Space) => Some(Role::EntityRest),
            (State::ParameterOpen, Kind::Name) => self.go(State::ParameterNamed, Role::ParameterEntityName),
            (State::ParameterNamed, Kind::Name) if text == b"SYSTEM" => self.go(State::ParameterSystem, Role::EntityRest),
            (State::ParameterNamed, Kind::Name) if text == b"PUBLIC" => self.go(State::ParameterPublic, Role::EntityRest),
            (State::ParameterNamed, Kind::Literal) => self.closing(Role::EntityRest, Role::EntityValue),
            (State::ParameterPublic, Kind::Literal) => self.go(State::ParameterSystem, Role::EntityPublicId),
            (State::ParameterSystem, Kind::Literal) => self.go(State::ParameterIdentified, Role::EntitySystemId),
            (State::ParameterIdentified, Kind::DeclarationClose) => self.top_level(Role::EntityComplete),
            _ => None,
        }
    }

    fn notation(&mut self, kind: Kind, text: &[u8]) -> Option<Role> {
        match (self.state, kind) {
            (_, Kind::Space) => Some(Role::NotationRest),
            (State::NotationOpen, Kind::Name) => self.go(State::NotationNamed, Role::NotationName),
            (State::NotationNamed, Kind::Name) if text == b"SYSTEM" => self.go(State::NotationSystem, Role::NotationRest),
            (State::NotationNamed, Kind::Name) if text == b"PUBLIC" => self.go(State::NotationPublic, Role::NotationRest),
            (State::NotationPublic, Kind::Literal) => self.go(State::NotationIdentified, Role::NotationPublicId),
            (State::NotationSystem | State::NotationIdentified, Kind::Literal) => self.closing(Role::NotationRest, Role::NotationSystemId),
            (State::NotationIdentified, Kind::DeclarationClose) => self.top_level(Role::NotationNoSystemId),
            _ => None,
        }
    }

    fn attlist(&mut self, kind: Kind, text: &[u8]) -> Option<Role> {
        match (self.state, kind) {
            (_, Kind::Space) => Some(Role::AttlistRest),
            (State::AttlistOpen, Kind::Name | Kind::PrefixedName) => self.go(State::AttlistNamed, Role::AttlistElementName),
            (State::AttlistNamed, Kind::DeclarationClose) => self.top_level(Role::AttlistRest),
            (State::AttlistNamed, Kind::Name | Kind::PrefixedName) => self.go(State::AttributeNamed, Role::AttributeName),
            (State::AttributeNamed, Kind::OpenParen) => self.go(State::EnumValue, Role::AttlistRest),
            (State::AttributeNamed, Kind::Name) if text == b"NOTATION" => self.go(State::NotationTypeOpen, Role::AttlistRest),
            (State::AttributeNamed, Kind::Name) => {
                let name = ATTRIBUTE_TYPES.into_iter().find(|name| name.as_bytes() == text)?;
                self.go(State::AttributeTyped, Role::AttributeType(name))
            }
            (State::AttributeTyped, Kind::PoundName) => match text {
                b"#IMPLIED" => self.go(State::AttlistNamed, Role::ImpliedAttribute),
                b"#REQUIRED" => self.go(State::AttlistNamed, Role::RequiredAttribute),
                b"#FIXED" => self.go(State::AttributeFixed, Role::AttlistRest),
                _ => None,
            },
            (State::AttributeTyped, Kind::Literal) => self.go(State::AttlistNamed, Role::DefaultAttribute),
            (State::AttributeFixed, Kind::Literal) => self.go(State::AttlistNamed, Role::FixedAttribute),
            _ => None,
        }
    }

    fn attribute_type(&mut self, kind: Kind) -> Option<Role> {
        match (self.state, kind) {
            (_, Kind::Space) => Some(Role::AttlistRest),
            (State::EnumValue, Kind::NameToken | Kind::Name | Kind::PrefixedName) => self.go(State::EnumNext, Role::AttributeEnumValue),
            (State::EnumNext | State::NotationTypeNext, Kind::CloseParen) => self.go(State::AttributeTyped, Role::AttlistRest),
            (State::EnumNext, Kind::Or) => self.go(State::EnumValue, Role::AttlistRest),
            (State::NotationTypeOpen, Kind::OpenParen) => self.go(State::NotationType, Role::AttlistRest),
            (State::NotationType, Kind::Name) => self.go(State::NotationTypeNext, Role::AttributeNotationValue),
            (State::NotationTypeNext, Kind::Or) => self.go(State::NotationType, Role::AttlistRest),
            _ => None,
        }
    }

    fn element(&mut self, kind: Kind, text: &[u8]) -> Option<Role> {
        match (self.state, kind) {
            (_, Kind::Space) => Some(Role::ElementRest),
            (State::ElementOpen, Kind::Name | Kind::PrefixedName) => self.go(State::ElementNamed, Role::ElementName),
            (State::ElementNamed, Kind::Name) if text == b"EMPTY" => self.closing(Role::ElementRest, Role::ContentEmpty),
            (State::ElementNamed, Kind::Name) if text == b"ANY" => self.closing(Role::ElementRest, Role::ContentAny),
            (State::ElementNamed, Kind::OpenParen) => {
                self.level = 1;
                self.go(State::GroupStart, Role::GroupOpen)
            }
            (State::GroupStart, Kind::PoundName) if text == b"#PCDATA" => self.go(State::MixedStart, Role::ContentPcdata),
            (State::GroupStart, _) => self.group(kind),
            _ => None,
        }
    }

    fn mixed(&mut self, kind: Kind) -> Option<Role> {
        match (self.state, kind) {
            (_, Kind::Space) => Some(Role::ElementRest),
            (State::MixedStart, Kind::CloseParen) => self.closing(Role::ElementRest, Role::GroupClose(Quantifier::Once)),
            (State::MixedStart | State::MixedNext, Kind::CloseParenAsterisk) => {
                self.closing(Role::ElementRest, Role::GroupClose(Quantifier::Repeated))
            }
            (State::MixedStart | State::MixedNext, Kind::Or) => self.go(State::MixedName, Role::ElementRest),
            (State::MixedName, Kind::Name | Kind::PrefixedName) => self.go(State::MixedNext, Role::ContentElement(Quantifier::Once)),
            _ => None,
        }
    }

    fn group(&mut self, kind: Kind) -> Option<Role> {
        if kind == Kind::Space {
            return Some(Role::ElementRest);
        }
        if self.state == State::GroupNext {
            return match kind {
                Kind::CloseParen => self.close_group(Quantifier::Once),
                Kind::CloseParenAsterisk => self.close_group(Quantifier::Repeated),
                Kind::CloseParenQuestion => self.close_group(Quantifier::Optional),
                Kind::CloseParenPlus => self.close_group(Quantifier::Plus),
                Kind::Comma => self.go(State::Group, Role::GroupSequence),
                Kind::Or => self.go(State::Group, Role::GroupChoice),
                _ => None,
            };
        }
        let quantifier = match kind {
            Kind::OpenParen => {
                self.level += 1;
                return self.go(State::Group, Role::GroupOpen);
            }
            Kind::Name | Kind::PrefixedName => Quantifier::Once,
            Kind::NameQuestion => Quantifier::Optional,
            Kind::NameAsterisk => Quantifier::Repeated,
            Kind::NamePlus => Quantifier::Plus,
            _ => return None,
        };
        self.go(State::GroupNext, Role::ContentElement(quantifier))
    }

    fn close_group(&mut self, quantifier: Quantifier) -> Option<Role> {
        self.level -= 1;
        let role = Role::GroupClose(quantifier);
        if self.level == 0 { self.closing(Role::ElementRest, role) } else { Some(role) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::prolog_token::prolog;
    use super::*;

    #[test]
    fn a_declaration_has_roles() {
        let text = b"<!DOCTYPE a [<!ELEMENT a (b|c)*>]><a";
        let (mut machine, mut at, mut roles) = (Prolog::document(), 0, Vec::new());
        while roles.last() != Some(&Role::InstanceStart) {
            let token = prolog(text, at, false).unwrap();
            roles.push(machine.role(token.kind, &text[at..token.end]));
            at = token.end;
        }
        assert!(roles.contains(&Role::DoctypeName));
        assert!(roles.contains(&Role::GroupChoice));
        assert!(roles.contains(&Role::GroupClose(Quantifier::Repeated)));
        assert!(!roles.contains(&Role::Error));
    }
}
