//! `_ssl.SSLSession`: what a client may come back with.

use super::config::Sessions;
use bytecode::opcode::Comparison;
use object::cell::Visitor;
use object::native::{Getset, PayloadInfo, TypeSpec, flag};
use object::{Object, ObjectCell, Payload, PyResult, Ref, RefOf, Slots, Type, Vm};
use std::sync::Arc;

/// The payload of an `SSLSession`.
pub struct Session {
    /// The context it belongs to.
    pub context: ObjectCell,
    pub sessions: Arc<Sessions>,
    pub id: Vec<u8>,
    pub time: i64,
    pub ticket_lifetime: u32,
    pub has_ticket: bool,
}

/// For how many seconds a session is good.
const TIMEOUT: i64 = 7200;

impl Payload for Session {
    fn class() -> &'static Type {
        &SESSION
    }

    fn traverse(&self, visitor: &mut Visitor<'_>) {
        self.context.traverse(visitor);
    }

    fn clear(&self, _vm: &mut Vm) {
        self.context.set(None);
    }
}

pub static SESSION: Type = Type::new(&SESSION_SPEC);
static SESSION_SPEC: TypeSpec = TypeSpec {
    name: "_ssl.SSLSession",
    flags: flag::NO_INSTANTIATION,
    payload: PayloadInfo::of::<Session>(),
    slots: Slots { compare: Some(compare), hash: Some(hash), ..Slots::NONE },
    getsets: &[
        Getset::readonly("has_ticket", "Does the session contain a ticket?", |_, this| Ok(Object::bool(session(this).has_ticket))),
        Getset::readonly("id", "Session ID.", |vm, this| Ok(vm.new_bytes(&session(this).id).into_object())),
        Getset::readonly("ticket_lifetime_hint", "Ticket life time hint.", |vm, this| Ok(vm.new_int(i64::from(session(this).ticket_lifetime)))),
        Getset::readonly("time", "Session creation time (seconds since epoch).", |vm, this| Ok(vm.new_int(session(this).time))),
        Getset::readonly("timeout", "Session timeout (delta in seconds).", |vm, _| Ok(vm.new_int(TIMEOUT))),
    ],
    ..TypeSpec::DEFAULT
};

fn session<'a>(this: Ref<'a>) -> RefOf<'a, Session> {
    this.downcast::<Session>().expect("the method belongs to the type")
}

fn compare(_vm: &mut Vm, this: Ref<'_>, other: Ref<'_>, operator: Comparison) -> PyResult {
    let (Some(first), Some(second)) = (this.downcast::<Session>(), other.downcast::<Session>()) else {
        return Ok(Object::not_implemented());
    };
    let are_equal = first.id == second.id;
    Ok(match operator {
        Comparison::Equal => Object::bool(are_equal),
        Comparison::NotEqual => Object::bool(!are_equal),
        _ => Object::not_implemented(),
    })
}

fn hash(vm: &mut Vm, this: Ref<'_>) -> PyResult<i64> {
    Err(vm.type_error(format!("unhashable type: '{}'", this.class().full_name())))
}
