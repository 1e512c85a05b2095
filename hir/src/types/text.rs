//! Types as text: `ListExact`, `OptMortalDict`, `SmallInt[5]`, `ObjectUser[c1:Exact]`, `{ListExact|NoneType}`.

use super::leaves::NAMED;
use super::{ClassId, Leaves, Lifetime, ObjectId, ShapeId, Spec, Type, ty};
use crate::text::{Cursor, SyntaxError};
use std::fmt;

/// The names that can be looked up, for listings.
pub struct TypeNames;

impl TypeNames {
    /// All leaf types and unions with a name.
    pub fn all() -> impl Iterator<Item = (&'static str, Type)> {
        NAMED.iter().copied().chain([("Bottom", ty::Bottom)])
    }

    fn of(leaves: Leaves) -> Option<&'static str> {
        TypeNames::all().find(|(_, ty)| ty.leaves() == leaves).map(|(name, _)| name)
    }

    fn find(name: &str) -> Option<Type> {
        TypeNames::all().find(|(known, _)| *known == name).map(|(_, ty)| ty)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        print_leaves(*self, f)?;
        print_spec(*self, f)
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn print_leaves(of: Type, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let lifetime = match of.lifetime {
        Lifetime::Mortal => "Mortal",
        Lifetime::Immortal => "Immortal",
        Lifetime::Bottom | Lifetime::Top => "",
    };
    if let Some(name) = TypeNames::of(of.leaves) {
        return write!(f, "{lifetime}{name}");
    }
    let objects = of.leaves.without(ty::Nullptr.leaves());
    if let Some(name) = TypeNames::of(objects) {
        return write!(f, "Opt{lifetime}{name}");
    }
    write!(f, "{lifetime}{{")?;
    let mut rest = of.leaves;
    for (name, part) in NAMED {
        if !rest.is_empty() && part.leaves().within(rest) {
            let separator = if rest == of.leaves { "" } else { "|" };
            write!(f, "{separator}{name}")?;
            rest = rest.without(part.leaves());
        }
    }
    f.write_str("}")
}

fn print_spec(of: Type, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let is_bool = of.leaves == ty::Bool.leaves();
    match of.spec {
        Spec::None => Ok(()),
        Spec::Object(ObjectId(id)) => write!(f, "[o{id}]"),
        Spec::Shape(ShapeId(id)) => write!(f, "[s{id}]"),
        Spec::ClassExact(ClassId(id)) => write!(f, "[c{id}:Exact]"),
        Spec::Class(ClassId(id)) => write!(f, "[c{id}]"),
        Spec::Int(value) if is_bool && value == 1 => f.write_str("[True]"),
        Spec::Int(0) if is_bool => f.write_str("[False]"),
        Spec::Int(value) => write!(f, "[{value}]"),
        Spec::Double(bits) if f64::from_bits(bits).is_finite() => write!(f, "[{:?}]", f64::from_bits(bits)),
        Spec::Double(bits) => write!(f, "[{bits:#x}]"),
    }
}

impl Type {
    /// Reads what `Display` writes.
    pub fn parse(cursor: &mut Cursor<'_>) -> Result<Type, SyntaxError> {
        let leaves = parse_leaves(cursor)?;
        if !cursor.eat("[") {
            return Ok(leaves);
        }
        let spec = parse_spec(leaves, cursor)?;
        cursor.expect("]")?;
        Ok(leaves.specialized(spec))
    }
}

fn parse_leaves(cursor: &mut Cursor<'_>) -> Result<Type, SyntaxError> {
    if cursor.starts_with("{") {
        return parse_union(cursor);
    }
    let word = cursor.word()?;
    let (nullable, rest) = strip(word, "Opt");
    let (lifetime, rest) = match (strip(rest, "Mortal"), strip(rest, "Immortal")) {
        ((true, rest), _) => (Lifetime::Mortal, rest),
        (_, (true, rest)) => (Lifetime::Immortal, rest),
        _ => (Lifetime::Top, rest),
    };
    let named = if let Some(named) = TypeNames::find(word) {
        return Ok(named);
    } else if rest.is_empty() && cursor.starts_with("{") {
        parse_union(cursor)?
    } else {
        TypeNames::find(rest).ok_or_else(|| cursor.error(&format!("`{word}` is not a type")))?
    };
    let leaves = if nullable { named.leaves().or(ty::Nullptr.leaves()) } else { named.leaves() };
    Ok(Type::new(leaves, lifetime, Spec::None))
}

fn strip<'a>(word: &'a str, prefix: &str) -> (bool, &'a str) {
    word.strip_prefix(prefix).map_or((false, word), |rest| (true, rest))
}

fn parse_union(cursor: &mut Cursor<'_>) -> Result<Type, SyntaxError> {
    cursor.expect("{")?;
    let mut leaves = Leaves::NONE;
    loop {
        let word = cursor.word()?;
        leaves = leaves.or(TypeNames::find(word).ok_or_else(|| cursor.error(&format!("`{word}` is not a type")))?.leaves());
        if !cursor.eat("|") {
            cursor.expect("}")?;
            return Ok(Type::of(leaves));
        }
    }
}

fn parse_spec(of: Type, cursor: &mut Cursor<'_>) -> Result<Spec, SyntaxError> {
    let word = cursor.until("]");
    let id = |prefix: &str, word: &str| word.strip_prefix(prefix).and_then(|digits| digits.parse::<u32>().ok());
    let spec = match word.strip_suffix(":Exact") {
        Some(class) => id("c", class).map(|id| Spec::ClassExact(ClassId(id))),
        None => (id("c", word).map(|id| Spec::Class(ClassId(id))))
            .or_else(|| id("s", word).map(|id| Spec::Shape(ShapeId(id))))
            .or_else(|| id("o", word).map(|id| Spec::Object(ObjectId(id))))
            .or_else(|| if of.leaves.within(Leaves::DOUBLE_VALUED) { parse_double(word) } else { parse_int(word) }),
    };
    spec.ok_or_else(|| cursor.error(&format!("`{word}` does not specialise a type")))
}

fn parse_int(word: &str) -> Option<Spec> {
    match word {
        "True" => Some(Spec::Int(1)),
        "False" => Some(Spec::Int(0)),
        _ => word.parse().ok().map(Spec::Int),
    }
}

fn parse_double(word: &str) -> Option<Spec> {
    let bits = match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse::<f64>().ok().map(f64::to_bits),
    };
    bits.map(Spec::Double)
}
