//! Reference counts: inserts `Incref` and `Decref`, and fills [`Function::live`].
//!
//! The method is Cinder's ("support"-based borrowing). Values are followed by their *model*: a value and its passthrough copies are one thing with one
//! reference. On each path a live model is
//!
//! * *uncounted*: tagged, immortal, a machine value, or null here,
//! * *borrowed*: alive as long as its [`state::Support`] is: memory of some kinds that nobody writes, and owned models that live on,
//! * *owned*: the function has one reference, which it gives up where the last copy dies, or hands over.
//!
//! Steps: a value that is borrowed becomes owned (`Incref`) before its support may end; a stolen operand hands its reference over if it dies there
//! and nothing else needs it, else gets one more; where a model's last copy dies, an owned one is given up. [`entry`] says what models are where
//! blocks begin; the states of blocks are computed until nothing changes, going up only (uncounted, borrowed with growing support, owned), then one sweep inserts. Where
//! paths meet, edges on which a model is less owned than behind them get the missing `Incref`.
//!
//! Before: phis with one input are gone, no edge leads from a block with several successors to one with several predecessors, frame states are trimmed.
//! [`check`] proves of the result that counts are right, without looking at how they came about.

pub mod check;
mod deaths;
mod entry;
mod state;
mod step;
mod tidy;
mod turns;

use crate::environment::Preloaded;
use crate::function::{Function, Liveness};
use crate::instr::{Block, Value};
use crate::passes::{clean_cfg, dead_code_elimination, phi_elimination};
use rustc_hash::FxHashMap;
use state::State;
use std::rc::Rc;

/// So many states of the result are checked in debug builds.
const CHECKED: usize = 2000;

/// Inserts reference counts. Frame states have been trimmed.
pub(crate) fn run(function: &mut Function, preloaded: &Preloaded) {
    clean_cfg::remove_unreachable(function);
    phi_elimination::run(function, preloaded);
    dead_code_elimination::run(function, preloaded);
    function.split_critical_edges();
    function.live.clear();
    let mut inserter = Inserter::new(function, preloaded);
    inserter.analyze();
    inserter.insert();
    tidy::run(function);
    if cfg!(debug_assertions)
        && let Err(flaw) = check::check(function, CHECKED)
    {
        panic!("reference counts: {flaw}\n{function}");
    }
}

struct Inserter<'a> {
    function: &'a mut Function,
    preloaded: &'a Preloaded,
    liveness: Liveness,
    /// The model of each value.
    models: Vec<Value>,
    /// States where blocks begin, if several edges lead there. They only go up.
    entries: FxHashMap<Block, State>,
    exits: FxHashMap<Block, State>,
    /// What dies at each instruction of the blocks.
    deaths: FxHashMap<Block, Rc<[Vec<Value>]>>,
    /// The instructions of the block being rewritten; none while states are computed.
    output: Option<Vec<Value>>,
}

impl<'a> Inserter<'a> {
    fn new(function: &'a mut Function, preloaded: &'a Preloaded) -> Self {
        let liveness = function.liveness();
        let models = (0..function.value_limit() as u32).map(|value| function.model(Value(value))).collect();
        Inserter {
            function,
            preloaded,
            liveness,
            models,
            entries: FxHashMap::default(),
            exits: FxHashMap::default(),
            deaths: FxHashMap::default(),
            output: None,
        }
    }

    fn model(&self, value: Value) -> Value {
        self.models[value.0 as usize]
    }

    fn analyze(&mut self) {
        let order = self.function.reverse_post_order();
        let mut is_due = vec![true; self.function.block_limit()];
        while order.iter().any(|block| is_due[block.0 as usize]) {
            for &block in &order {
                if !std::mem::take(&mut is_due[block.0 as usize]) {
                    continue;
                }
                let exit = self.block(block);
                if self.exits.get(&block) != Some(&exit) {
                    self.exits.insert(block, exit);
                    self.function.successors(block).iter().for_each(|next| is_due[next.0 as usize] = true);
                }
            }
        }
    }

    fn insert(&mut self) {
        for block in self.function.reverse_post_order() {
            self.output = Some(Vec::new());
            self.block(block);
            let instrs = self.output.take().unwrap_or_default();
            self.function.set_instrs(block, instrs);
        }
    }

    /// From the state where a block begins to that where it ends; with the instructions if they are wanted.
    fn block(&mut self, block: Block) -> State {
        let phis = self.function.phis(block).to_vec();
        phis.iter().for_each(|phi| self.keep(*phi));
        let mut state = self.enter(block);
        let deaths = match self.deaths.get(&block) {
            Some(deaths) => Rc::clone(deaths),
            None => {
                let deaths: Rc<[Vec<Value>]> = self.find_deaths(block).into();
                self.deaths.insert(block, Rc::clone(&deaths));
                deaths
            }
        };
        let dead_phis: Vec<Value> = deaths[..phis.len()].concat();
        self.kill(&mut state, &dead_phis, None);
        let instrs = self.function.instrs(block).to_vec();
        let mut index = phis.len();
        while index < instrs.len() {
            index += self.step(&mut state, block, &instrs[index..], &deaths[index..]);
        }
        state
    }

    /// Takes an instruction over as it is.
    fn keep(&mut self, value: Value) {
        if let Some(output) = &mut self.output {
            output.push(value);
        }
    }
}
