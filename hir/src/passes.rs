//! The passes, declared once: name, function, whether it runs by default.
//!
//! A pass is `run(&mut Function, &Preloaded)` in a file of its name. It keeps the invariants of [`crate::function`]; one that cannot do its job leaves
//! the function as it was. The list gives dumps, timing, switches and the pipeline their names. In debug builds the function is verified after each pass.

use crate::environment::Preloaded;
use crate::function::Function;
use crate::refcount;
use crate::verify::verify;

mod begin_inlined_function_elimination;
mod builtin_load_method_elimination;
pub(crate) mod clean_cfg;
pub(crate) mod dead_code_elimination;
mod dynamic_comparison_elimination;
mod early_guards;
mod escape_analysis;
mod frame_state_trimming;
mod frame_state_unboxing;
mod guard_elimination;
mod guard_type_removal;
mod inline_function_calls;
mod insert_update_instr;
mod instance_elimination;
mod iterator_elimination;
mod loop_invariant_code_motion;
mod loop_tasks_deopt;
mod optional_unboxing;
mod periodic_tasks_deopt;
pub(crate) mod phi_elimination;
mod shape_elimination;
mod simplify;
mod sink_primitive_box;
mod slice_fusion;
mod unboxing;
mod value_numbering;

macro_rules! define_passes {
    ($( $(#[$doc:meta])* $Pass:ident = $name:literal, $module:ident, $default:ident; )*) => {
        /// A pass over HIR.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Pass { $( $(#[$doc])* $Pass, )* }

        impl Pass {
            pub const ALL: &[Pass] = &[$(Pass::$Pass),*];

            /// As dumps and switches have it.
            pub const fn name(self) -> &'static str {
                match self { $(Pass::$Pass => $name),* }
            }

            /// What decides whether the pass runs.
            pub const fn switch(self) -> Switch {
                match self { $(Pass::$Pass => Switch::$default),* }
            }

            /// The pass with a name.
            pub fn from_name(name: &str) -> Option<Pass> {
                match name { $($name => Some(Pass::$Pass),)* _ => None }
            }

            /// Runs the pass alone, without any check.
            pub fn run(self, function: &mut Function, preloaded: &Preloaded) {
                match self { $(Pass::$Pass => $module::run(function, preloaded)),* }
            }
        }
    };
}

/// Whether a pass runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// It has to: what follows relies on it.
    Always,
    /// Unless switched off.
    On,
    /// If switched on.
    Off,
}

define_passes! {
    /// Removes guards of types that nobody needs.
    GuardTypeRemoval = "guard-type-removal", guard_type_removal, On;
    /// Leaves signals and other threads to the interpreter.
    PeriodicTasksDeopt = "periodic-tasks-deopt", periodic_tasks_deopt, Off;
    /// Makes comparison, truth test and branch one.
    DynamicComparisonElimination = "dynamic-comparison-elimination", dynamic_comparison_elimination, On;
    /// Knows methods of builtin classes.
    BuiltinLoadMethodElimination = "builtin-load-method-elimination", builtin_load_method_elimination, On;
    /// Puts the bodies of small functions where they are called.
    InlineFunctionCalls = "inline-function-calls", inline_function_calls, On;
    /// Removes frames of inlined functions that nobody can see.
    BeginInlinedFunctionElimination = "begin-inlined-function-elimination", begin_inlined_function_elimination, On;
    /// Replaces instructions by simpler ones, by what is known of their operands.
    Simplify = "simplify", simplify, On;
    /// Removes phis that have one input only, and names for other values.
    PhiElimination = "phi-elimination", phi_elimination, On;
    /// Removes blocks that control does not reach, and joins blocks in line.
    CleanCfg = "clean-cfg", clean_cfg, On;
    /// Removes instructions without effect whose results are not used.
    DeadCodeElimination = "dead-code-elimination", dead_code_elimination, On;
    /// Counts an index instead of stepping iterators of lists and tuples.
    IteratorElimination = "iterator-elimination", iterator_elimination, On;
    /// Leaves signals and other threads to the interpreter in loops that run no Python code.
    LoopTasksDeopt = "loop-tasks-deopt", loop_tasks_deopt, On;
    /// Moves guards of loaded floats up to the load.
    EarlyGuards = "early-guards", early_guards, On;
    /// Computes, reads and guards only once.
    ValueNumbering = "value-numbering", value_numbering, On;
    /// Removes tests of shapes that earlier ones have decided.
    ShapeElimination = "shape-elimination", shape_elimination, On;
    /// Removes guards and branches that earlier ones have decided.
    GuardElimination = "guard-elimination", guard_elimination, On;
    /// Keeps numbers in their machine form through phis.
    Unboxing = "unboxing", unboxing, On;
    /// Keeps floats that may be unset and that only frame states need in their machine form.
    OptionalUnboxing = "optional-unboxing", optional_unboxing, On;
    /// Moves out of loops what gives the same in each turn.
    LoopInvariantCodeMotion = "loop-invariant-code-motion", loop_invariant_code_motion, On;
    /// Stores slices of lists without making lists of them.
    SliceFusion = "slice-fusion", slice_fusion, On;
    /// Has frame states hold the machine form of floats.
    FrameStateUnboxing = "frame-state-unboxing", frame_state_unboxing, On;
    /// Does not make objects that only frame states know.
    EscapeAnalysis = "escape-analysis", escape_analysis, On;
    /// Keeps attributes of instances that nobody else sees as values.
    InstanceElimination = "instance-elimination", instance_elimination, On;
    /// Leaves boxing for frame states to deopt.
    SinkPrimitiveBox = "sink-primitive-box", sink_primitive_box, On;
    /// Removes snapshots, and from frame states what is not needed. No pass behind it may insert guards.
    FrameStateTrimming = "frame-state-trimming", frame_state_trimming, Always;
    /// Inserts `Incref` and `Decref`, and says what is live where control may leave.
    RefcountInsertion = "refcount-insertion", refcount, Always;
    /// Keeps the index of the running bytecode instruction in the frame.
    InsertUpdateInstr = "insert-update-instr", insert_update_instr, Always;
}

/// The passes in order, with those that do not run by default. A pass may stand here several times.
pub const PIPELINE: &[Pass] = &[
    // Before anything goes away that needs a guard.
    Pass::GuardTypeRemoval,
    Pass::PhiElimination,
    Pass::PeriodicTasksDeopt,
    Pass::Simplify,
    Pass::DynamicComparisonElimination,
    Pass::BuiltinLoadMethodElimination,
    Pass::InlineFunctionCalls,
    Pass::PhiElimination,
    Pass::CleanCfg,
    Pass::Simplify,
    Pass::BeginInlinedFunctionElimination,
    Pass::DeadCodeElimination,
    Pass::IteratorElimination,
    Pass::LoopTasksDeopt,
    Pass::EarlyGuards,
    // What is known once, and once more with numbers unboxed and out of loops.
    Pass::ValueNumbering,
    Pass::ShapeElimination,
    Pass::GuardElimination,
    Pass::Simplify,
    Pass::CleanCfg,
    Pass::DeadCodeElimination,
    Pass::InstanceElimination,
    Pass::Simplify,
    Pass::PhiElimination,
    Pass::CleanCfg,
    Pass::DeadCodeElimination,
    Pass::Unboxing,
    Pass::OptionalUnboxing,
    Pass::Simplify,
    Pass::LoopInvariantCodeMotion,
    Pass::ShapeElimination,
    Pass::ValueNumbering,
    Pass::GuardElimination,
    Pass::Simplify,
    Pass::PhiElimination,
    Pass::CleanCfg,
    Pass::DeadCodeElimination,
    Pass::SliceFusion,
    Pass::FrameStateUnboxing,
    Pass::EscapeAnalysis,
    Pass::SinkPrimitiveBox,
    Pass::DeadCodeElimination,
    Pass::CleanCfg,
    // From here on no guards may be added.
    Pass::FrameStateTrimming,
    Pass::DeadCodeElimination,
    Pass::RefcountInsertion,
    Pass::InsertUpdateInstr,
];

/// Told before and after each pass: for dumps and times. (This crate reads no clocks.)
pub trait Observer {
    fn before(&mut self, _pass: Pass, _function: &Function) {}
    fn after(&mut self, _pass: Pass, _function: &Function) {}
}

/// Watches nothing.
pub struct NoObserver;

impl Observer for NoObserver {}

/// The default pipeline without the passes named in `off`.
pub fn pipeline(off: &[Pass]) -> Vec<Pass> {
    pipeline_with(&[], off)
}

/// The pipeline with the passes named in `on` that do not run by default, and without those in `off`.
pub fn pipeline_with(on: &[Pass], off: &[Pass]) -> Vec<Pass> {
    let keeps = |pass: &Pass| match pass.switch() {
        Switch::Always => true,
        Switch::On => !off.contains(pass),
        Switch::Off => on.contains(pass),
    };
    PIPELINE.iter().copied().filter(keeps).collect()
}

/// Runs passes in order. In debug builds, verifies after each and panics on a flaw, which is a bug.
pub fn run(passes: &[Pass], function: &mut Function, preloaded: &Preloaded, observer: &mut dyn Observer) {
    for &pass in passes {
        observer.before(pass, function);
        pass.run(function, preloaded);
        observer.after(pass, function);
        if cfg!(debug_assertions) {
            check(pass, function);
        }
    }
}

fn check(pass: Pass, function: &Function) {
    if let Err(flaws) = verify(function) {
        let list: Vec<String> = flaws.iter().map(ToString::to_string).collect();
        panic!("after {}: {}\n{function}", pass.name(), list.join("; "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for pass in Pass::ALL {
            assert_eq!(Pass::from_name(pass.name()), Some(*pass));
        }
    }

    #[test]
    fn observers_see_every_pass() {
        struct Names(Vec<&'static str>);
        impl Observer for Names {
            fn after(&mut self, pass: Pass, _function: &Function) {
                self.0.push(pass.name());
            }
        }
        let mut function = Function::new("m:f", std::sync::Arc::default());
        function.append(Function::ENTRY, crate::Instr::unreachable());
        let mut names = Names(Vec::new());
        run(&pipeline(&[Pass::CleanCfg]), &mut function, &Preloaded::default(), &mut names);
        assert_eq!(names.0.first(), Some(&"guard-type-removal"));
        assert!(!names.0.contains(&"clean-cfg") && names.0.len() > PIPELINE.len() / 2);
    }
}
