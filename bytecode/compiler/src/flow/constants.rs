//! The constants of a code object, each kept once.

use crate::tables::HashMap;
use bytecode::Constant;

#[derive(Default)]
pub(crate) struct Constants {
    pub values: Vec<Constant>,
    index: HashMap<Vec<u8>, u32>,
    /// Code objects by name and line, for which there may be several.
    codes: HashMap<(String, u32), Vec<u32>>,
}

impl Constants {
    /// The index of a constant, which is added if it is new.
    pub fn add(&mut self, constant: Constant) -> u32 {
        let mut key = Vec::new();
        if !write_key(&constant, &mut key) {
            return self.add_code(constant);
        }
        let values = &mut self.values;
        *self.index.entry(key).or_insert_with(|| {
            values.push(constant);
            values.len() as u32 - 1
        })
    }

    fn add_code(&mut self, constant: Constant) -> u32 {
        let new = self.values.len() as u32;
        if let Constant::Code(code) = &constant {
            let same_place = self.codes.entry((code.name.clone(), code.first_line)).or_default();
            if let Some(&index) = same_place.iter().find(|&&index| self.values[index as usize] == constant) {
                return index;
            }
            same_place.push(new);
        }
        self.values.push(constant);
        new
    }

    /// Forgets constants without a use; the first stays, since it may be a docstring.
    pub fn retain(&mut self, used: &[bool]) -> Vec<u32> {
        let mut map = Vec::with_capacity(self.values.len());
        let mut kept = 0;
        for (index, &used) in used.iter().enumerate() {
            map.push(kept);
            kept += u32::from(used || index == 0);
        }
        let mut index = 0;
        self.values.retain(|_| {
            index += 1;
            used[index - 1] || index == 1
        });
        self.index.clear();
        self.codes.clear();
        map
    }
}

/// Bytes that tell constants apart as Python's compiler does: by type, sign of zero and value.
fn write_key(constant: &Constant, key: &mut Vec<u8>) -> bool {
    let mut text = |tag: u8, bytes: &[u8]| {
        key.push(tag);
        key.extend((bytes.len() as u64).to_le_bytes());
        key.extend(bytes);
        true
    };
    match constant {
        Constant::None => text(0, &[]),
        Constant::False => text(1, &[]),
        Constant::True => text(2, &[]),
        Constant::Ellipsis => text(3, &[]),
        Constant::Int(value) => text(4, &value.to_le_bytes()),
        Constant::BigInt(value) => text(5, &value.to_signed_bytes_le()),
        Constant::Float(value) => text(6, &value.to_bits().to_le_bytes()),
        Constant::Complex(real, imaginary) => {
            text(7, &real.to_bits().to_le_bytes());
            text(7, &imaginary.to_bits().to_le_bytes())
        }
        Constant::Str(value) => text(8, value.as_bytes()),
        Constant::Bytes(value) => text(9, value),
        Constant::Tuple(items) => {
            text(10, &(items.len() as u64).to_le_bytes());
            items.iter().all(|item| write_key(item, key))
        }
        Constant::FrozenSet(items) => {
            text(11, &(items.len() as u64).to_le_bytes());
            items.iter().all(|item| write_key(item, key))
        }
        Constant::Slice(items) => {
            text(12, &[]);
            items.iter().all(|item| write_key(item, key))
        }
        Constant::Code(_) => false,
    }
}
