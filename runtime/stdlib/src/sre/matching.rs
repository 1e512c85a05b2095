//! `re.Match`.

use super::drive::{self, Found, Range, Span, Subject};
use super::pattern::{Pattern, check_subject, compile_template};
use super::template::Template;
use object::exception;
use object::native::{Getset, Member, PayloadInfo, TypeSpec, flag};
use object::str::Str;
use object::{Object, ObjectOf, Payload, PyResult, Ref, RefOf, Slots, Type, Visitor, Vm, method};

/// The payload of a match.
pub struct Match {
    /// What was matched: a string or a bytes-like object, whose contents may have changed since.
    subject: Object,
    pattern: ObjectOf<Pattern>,
    found: Found,
    pos: usize,
    endpos: usize,
}

pub static MATCH: Type = Type::new(&SPEC);
static SPEC: TypeSpec = TypeSpec {
    name: "re.Match",
    doc: "The result of re.match() and re.search().\nMatch objects always have a boolean value of True.",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<Match>(),
    slots: Slots { repr: Some(repr), getitem: Some(getitem), ..Slots::NONE },
    methods: &[
        method!(Many group "", "group([group1, ...]) -> str or tuple.\n    Return subgroup(s) of the match by indices or names.\n    For 0 returns the entire match."),
        method!(Bound start "($self, group=0, /)", "Return index of the start of the substring matched by group."),
        method!(Bound end "($self, group=0, /)", "Return index of the end of the substring matched by group."),
        method!(Bound span "($self, group=0, /)", "For match object m, return the 2-tuple (m.start(group), m.end(group))."),
        method!(Bound groups "($self, /, default=None)", "Return a tuple containing all the subgroups of the match, from 1.\n\n  default\n    Is used for groups that did not participate in the match."),
        method!(Bound groupdict "($self, /, default=None)", "Return a dictionary containing all the named subgroups of the match, keyed by the subgroup name.\n\n  default\n    Is used for groups that did not participate in the match."),
        method!(Bound expand "($self, /, template)", "Return the string obtained by doing backslash substitution on the string template, as done by the sub() method."),
        method!(Unary copy as "__copy__" "($self, /)", ""),
        method!(Binary deepcopy as "__deepcopy__" "($self, memo, /)", ""),
        method!(Binary class_getitem as "__class_getitem__" "($type, item, /)", "See PEP 585").class_method(),
    ],
    getsets: &[
        Getset::readonly("lastindex", "The integer index of the last matched capturing group.", |vm, this| {
            Ok(match matched(this).found.last_index {
                Some(index) => vm.new_int(index as i64),
                None => Object::none(),
            })
        }),
        Getset::readonly("lastgroup", "The name of the last matched capturing group.", |_, this| Ok(matched(this).last_group())),
        Getset::readonly("regs", "", |vm, this| {
            let spans: Vec<Object> = matched(this).found.regs().map(|reg| span_tuple(vm, reg)).collect();
            Ok(vm.new_tuple(spans).into_object())
        }),
    ],
    members: &[
        Member(Getset::readonly("string", "The string passed to match() or search().", |_, this| Ok(matched(this).subject.clone()))),
        Member(Getset::readonly("re", "The regular expression object.", |_, this| Ok(matched(this).pattern.clone().into_object()))),
        Member(Getset::readonly("pos", "The index into the string at which the RE engine started looking for a match.", |vm, this| {
            Ok(vm.new_int(matched(this).pos as i64))
        })),
        Member(Getset::readonly("endpos", "The index into the string beyond which the RE engine will not go.", |vm, this| {
            Ok(vm.new_int(matched(this).endpos as i64))
        })),
    ],
    ..TypeSpec::DEFAULT
};

impl Payload for Match {
    fn class() -> &'static Type {
        &MATCH
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        visitor.visit(self.subject.borrow());
        visitor.visit(self.pattern.borrow().object());
    }
}

/// A new match object.
pub fn new(vm: &Vm, pattern: RefOf<'_, Pattern>, subject: &Subject, range: Range, found: Found) -> Object {
    vm.allocate(Match { subject: subject.object().to_owned(), pattern: pattern.to_owned(), found, pos: range.start, endpos: range.end }).into_object()
}

fn matched<'a>(this: Ref<'a>) -> RefOf<'a, Match> {
    this.downcast::<Match>().expect("the method belongs to the type")
}

fn span_tuple(vm: &Vm, reg: Span) -> Object {
    let (start, end) = reg.map_or((-1, -1), |(start, end)| (start as i64, end as i64));
    vm.new_tuple([Object::small_int(start), Object::small_int(end)]).into_object()
}

impl Match {
    pub fn is_text(&self) -> bool {
        self.subject.borrow().downcast::<Str>().is_some()
    }

    fn no_such_group(vm: &mut Vm) -> object::Raised {
        vm.index_error("no such group")
    }

    /// The text of a group that took part in the match.
    pub fn group_at(&self, vm: &mut Vm, index: usize) -> PyResult<Option<Object>> {
        match self.found.reg(index) {
            Some(None) => Ok(None),
            Some(Some((start, end))) => {
                let object = self.subject.borrow();
                if let Some(text) = object.downcast::<Str>() {
                    return Ok(Some(drive::slice_text(vm, object, text, start, end)));
                }
                let subject = check_subject(vm, self.subject.borrow())?;
                Ok(Some(subject.slice(vm, start, end)))
            }
            None => Err(Match::no_such_group(vm)),
        }
    }

    /// The number of a group given by number or name.
    fn index_of(&self, vm: &mut Vm, group: Ref<'_>) -> PyResult<usize> {
        let number = if let Some(number) = group.as_small_int() {
            number as isize
        } else if group.class().slots().index.is_some() {
            vm.index_clamped(group)?
        } else {
            let names = self.pattern.names();
            let number = names.get().get(vm, group);
            let number = vm.ignore(number, &exception::EXCEPTION)?.flatten();
            number.and_then(|number| number.borrow().as_small_int()).map_or(-1, |number| number as isize)
        };
        match usize::try_from(number) {
            Ok(number) if number < self.found.len() => Ok(number),
            _ => Err(Match::no_such_group(vm)),
        }
    }

    fn reg(&self, vm: &mut Vm, group: Option<Ref<'_>>) -> PyResult<Span> {
        let index = match group {
            Some(group) => self.index_of(vm, group)?,
            None => 0,
        };
        Ok(self.found.reg(index).flatten())
    }

    fn last_group(&self) -> Object {
        let name = self.found.last_index.and_then(|index| self.pattern.group_name(index));
        name.map_or(Object::none(), Ref::to_owned)
    }
}

fn repr(vm: &mut Vm, this: Ref<'_>) -> PyResult {
    let this = matched(this);
    let (start, end) = this.found.span();
    let text = this.group_at(vm, 0)?.unwrap_or(Object::none());
    let text = vm.repr(text.borrow())?;
    let mut builder = object::str::StrBuilder::new();
    builder.push_str(&format!("<re.Match object; span=({start}, {end}), match="));
    builder.push_data(text.data().slice(0, text.len().min(50)));
    builder.push_str(">");
    Ok(builder.finish(vm).into_object())
}

fn getitem(vm: &mut Vm, this: Ref<'_>, group: Ref<'_>) -> PyResult {
    let this = matched(this);
    let index = this.index_of(vm, group)?;
    Ok(this.group_at(vm, index)?.unwrap_or(Object::none()))
}

fn group(vm: &mut Vm, this: Ref<'_>, groups: &[Ref<'_>]) -> PyResult {
    match groups {
        [] => Ok(matched(this).group_at(vm, 0)?.unwrap_or(Object::none())),
        &[group] => getitem(vm, this, group),
        _ => {
            let texts = groups.iter().map(|&group| getitem(vm, this, group)).collect::<PyResult<Vec<_>>>()?;
            Ok(vm.new_tuple(texts).into_object())
        }
    }
}

fn start(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let reg = matched(this).reg(vm, args[0])?;
    Ok(Object::small_int(reg.map_or(-1, |(start, _)| start as i64)))
}

fn end(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let reg = matched(this).reg(vm, args[0])?;
    Ok(Object::small_int(reg.map_or(-1, |(_, end)| end as i64)))
}

fn span(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let reg = matched(this).reg(vm, args[0])?;
    Ok(span_tuple(vm, reg))
}

fn groups(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let this = matched(this);
    let default = args[0].unwrap_or(Ref::NONE);
    let texts = (1..this.found.len()).map(|index| Ok(this.group_at(vm, index)?.unwrap_or_else(|| default.to_owned())));
    let texts = texts.collect::<PyResult<Vec<_>>>()?;
    Ok(vm.new_tuple(texts).into_object())
}

fn groupdict(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let this = matched(this);
    let default = args[0].unwrap_or(Ref::NONE);
    let result = vm.new_dict();
    for (name, number) in this.pattern.names().items_snapshot(vm) {
        let index = this.index_of(vm, number.borrow())?;
        let text = this.group_at(vm, index)?.unwrap_or_else(|| default.to_owned());
        result.set(vm, name.borrow(), text)?;
    }
    Ok(result.into_object())
}

fn expand(vm: &mut Vm, this: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let matched = matched(this);
    let template = compile_template(vm, matched.pattern.borrow(), args[0].expect("the argument is required"))?;
    match template.borrow().downcast_exact::<Template>() {
        Some(template) => template.expand(vm, matched),
        None => vm.call(template.borrow(), &[this]),
    }
}

fn copy(_vm: &mut Vm, this: Ref<'_>) -> PyResult {
    Ok(this.to_owned())
}

fn deepcopy(_vm: &mut Vm, this: Ref<'_>, _memo: Ref<'_>) -> PyResult {
    Ok(this.to_owned())
}

fn class_getitem(vm: &mut Vm, class: Ref<'_>, item: Ref<'_>) -> PyResult {
    vm.generic_alias(class, item)
}
