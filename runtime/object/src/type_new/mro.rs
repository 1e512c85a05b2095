//! The method resolution order: C3 linearisation, as in Python 2.3 and later
//! (<https://docs.python.org/3/howto/mro.html>).

use crate::class::Type;
use crate::value::{Object, Ref};
use crate::vm::{PyResult, Vm};

/// The order of a class with these bases, without the class itself.
pub fn linearize(vm: &mut Vm, bases: &[Ref<'_>]) -> PyResult<Vec<Object>> {
    for (index, base) in bases.iter().enumerate() {
        if bases[..index].iter().any(|earlier| earlier.is(*base)) {
            let name = base.downcast::<Type>().map_or("", |class| class.get().name());
            return Err(vm.type_error(format!("duplicate base class {name}")));
        }
    }
    let mut sequences: Vec<Vec<Ref<'_>>> = Vec::with_capacity(bases.len() + 1);
    for base in bases {
        let class = base.downcast::<Type>().expect("bases have been checked to be types").get();
        sequences.push(class.mro().to_vec());
    }
    sequences.push(bases.to_vec());
    let mut order = Vec::new();
    loop {
        sequences.retain(|sequence| !sequence.is_empty());
        if sequences.is_empty() {
            return Ok(order);
        }
        let in_a_tail = |candidate: Ref<'_>| sequences.iter().any(|sequence| sequence[1..].iter().any(|class| class.is(candidate)));
        let Some(next) = sequences.iter().map(|sequence| sequence[0]).find(|&candidate| !in_a_tail(candidate)) else {
            let heads: Vec<String> = sequences
                .iter()
                .map(|sequence| sequence[0])
                .fold(Vec::new(), |mut heads: Vec<Ref<'_>>, head| {
                    if !heads.iter().any(|known| known.is(head)) {
                        heads.push(head);
                    }
                    heads
                })
                .iter()
                .filter_map(|head| head.downcast::<Type>().map(|class| class.get().name().to_owned()))
                .collect();
            let message = format!("Cannot create a consistent method resolution order (MRO) for bases {}", heads.join(", "));
            return Err(vm.type_error(message));
        };
        order.push(next.to_owned());
        for sequence in &mut sequences {
            if sequence[0].is(next) {
                sequence.remove(0);
            }
        }
    }
}
