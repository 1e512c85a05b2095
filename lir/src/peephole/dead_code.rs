//! Instructions that do nothing but define values that nobody uses, and parameters of blocks likewise.

use crate::function::{BlockId, Function, Predecessors};
use crate::opcode::Effect;
use crate::reg::Reg;

/// Finds what is used from what has effects, and removes the rest. Values of loops that only feed each other go as well.
pub(super) fn remove(function: &mut Function) {
    let mut live = Liveness::new(function);
    live.spread();
    let used = live.used;
    let is_used = |reg: Reg| reg.index().is_none_or(|index| used[index]);
    for id in function.block_ids() {
        let mut instrs = std::mem::take(&mut function.blocks[id.index()].instrs);
        instrs.retain(|instr| instr.opcode.facts().effect > Effect::Reads || instr.opcode.ends_block() || function.defs(instr).any(is_used));
        function.blocks[id.index()].instrs = instrs;
        for index in 0..function.block(id).edges.len() {
            let target = function.block(id).edges[index].block;
            let keep: Vec<bool> = function.block(target).params.iter().map(|param| is_used(*param)).collect();
            let mut kept = keep.iter();
            function.blocks[id.index()].edges[index].args.retain(|_| *kept.next().expect("edges fit parameters"));
        }
    }
    for block in &mut function.blocks {
        block.params.retain(|param| is_used(*param));
    }
}

/// What a value is computed from.
#[derive(Clone, Copy)]
enum Source {
    Instr(BlockId, u32),
    Param(BlockId, u32),
}

struct Liveness<'a> {
    function: &'a Function,
    predecessors: Predecessors,
    sources: Vec<Option<Source>>,
    used: Vec<bool>,
    work: Vec<Reg>,
}

impl Liveness<'_> {
    fn new(function: &Function) -> Liveness<'_> {
        let n_values = function.n_virtual as usize;
        let mut live = Liveness {
            function,
            predecessors: function.predecessors(),
            sources: vec![None; n_values],
            used: vec![false; n_values],
            work: Vec::new(),
        };
        for id in function.block_ids() {
            let block = function.block(id);
            for (index, param) in block.params.iter().enumerate() {
                live.sources[param.index().expect("parameters are values")] = Some(Source::Param(id, index as u32));
            }
            for (index, instr) in block.instrs.iter().enumerate() {
                for def in function.defs(instr) {
                    live.sources[def.index().expect("results are values")] = Some(Source::Instr(id, index as u32));
                }
                if instr.opcode.facts().effect > Effect::Reads || instr.opcode.ends_block() {
                    function.for_each_use(instr, &mut |reg| live.mark(reg));
                }
            }
        }
        live
    }

    fn mark(&mut self, reg: Reg) {
        if let Some(index) = reg.index()
            && !std::mem::replace(&mut self.used[index], true)
        {
            self.work.push(reg);
        }
    }

    fn spread(&mut self) {
        let function = self.function;
        while let Some(reg) = self.work.pop() {
            match reg.index().and_then(|index| self.sources[index]) {
                None => (),
                Some(Source::Instr(block, index)) => {
                    let instr = &function.block(block).instrs[index as usize];
                    function.for_each_use(instr, &mut |reg| self.mark(reg));
                }
                Some(Source::Param(block, index)) => {
                    for place in 0..self.predecessors.of(block).len() {
                        let from = self.predecessors.of(block)[place];
                        for edge in function.block(from).edges.iter().filter(|edge| edge.block == block) {
                            self.mark(edge.args[index as usize]);
                        }
                    }
                }
            }
        }
    }
}
