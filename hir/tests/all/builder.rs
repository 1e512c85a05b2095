//! Bytecode to HIR: the function `test` of each small program under `tests/builder/`.

mod execute;
mod guesses;
#[path = "../../../bytecode/compiler/tests/common/python_files.rs"]
mod python_files;
mod scene;

use bytecode::{Code, Constant, Locations, Opcode};
use hir::builder::{LoopEntries, Options, REFUSED, Refusal, build};
use hir::environment::Seen;
use hir::passes::{self, NoObserver, Pass};
use hir::verify::verify;
use hir::{CodeId, Function, Instr, Preloaded, text};
use python_files::python_files;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

fn compile(source: &str, name: &str) -> Code {
    let parsed = ruff_python_parser::parse_module(source).expect("the test's source parses");
    compiler::compile_module(parsed.syntax(), source, &compiler::Options::new(name)).expect("the test's source compiles")
}

/// The code with that name among the constants, at any depth.
fn find<'a>(code: &'a Code, name: &str) -> Option<&'a Code> {
    code.constants.iter().find_map(|constant| match constant {
        Constant::Code(inner) if inner.name == name => Some(&**inner),
        Constant::Code(inner) => find(inner, name),
        _ => None,
    })
}

fn listing(code: &Code) -> String {
    let mut out = String::new();
    for (index, instruction) in code.instructions.iter().enumerate() {
        let opcode = instruction.opcode().expect("compiled code has opcodes");
        let operand = if opcode.info().arg == bytecode::opcode::Arg::None { String::new() } else { format!(" {}", instruction.arg()) };
        writeln!(out, "; {index:>3} {}{operand}", opcode.name()).expect("a string can be written to");
    }
    for entry in &code.exception_table {
        writeln!(out, "; {} to {} -> {} depth {}", entry.start, entry.end, entry.target, entry.depth).expect("a string can be written to");
    }
    out
}

fn show(function: Result<Function, Refusal>) -> String {
    let function = match function {
        Ok(function) => function,
        Err(refusal) => return format!("refused: {refusal}\n"),
    };
    assert_eq!(verify(&function), Ok(()), "{function}");
    assert_eq!(check_order(&function), Ok(()), "{function}");
    let out = function.to_string();
    let read = text::parse(&out, Arc::clone(&function.classes)).map_err(|error| error.to_string()).expect("what is printed can be read");
    assert_eq!(read.to_string(), out);
    text::Annotated(&function).to_string()
}

/// Builds each file's function; INSTA_UPDATE works as for single tests.
#[test]
fn programs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/builder");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).expect("the folder is there").flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert!(files.len() > 100);
    for file in files {
        let name = file.file_stem().expect("files have names").to_string_lossy().into_owned();
        let source = std::fs::read_to_string(&file).expect("the file can be read");
        let module = compile(&source, &name);
        let code = find(&module, "test").unwrap_or(&module).clone();
        let listing = listing(&code);
        let scene = scene::read(&source, module.clone(), code);
        let built = build(&scene.preloaded, CodeId(0), &scene.options);
        if let Ok(function) = &built {
            // Later passes accept it.
            passes::run(passes::PIPELINE, &mut function.clone(), &scene.preloaded, &mut NoObserver);
        }
        let out = format!("{listing}{}", show(built));
        insta::with_settings!({ description => source, omit_expression => true, snapshot_path => "builder/snapshots", prepend_module_to_snapshot => false },
            { insta::assert_snapshot!(name, out) });
    }
}

/// Code that puts what an opcode takes on the stack, executes it, and returns.
fn code_with(opcode: Opcode, operand: u32) -> Code {
    let (pops, pushes) = (opcode.info().pops.at(operand), opcode.info().pushes.at(operand));
    let mut instructions = vec![bytecode::Instr::new(Opcode::Resume, 0)];
    instructions.extend((0..pops + 4).map(|number| bytecode::Instr::new(Opcode::LoadSmallInt, number)));
    instructions.push(bytecode::Instr::new(opcode, operand));
    instructions.extend((0..pushes).map(|_| bytecode::Instr::new(Opcode::PopTop, 0)));
    instructions.push(bytecode::Instr::new(Opcode::LoadConst, 0));
    instructions.push(bytecode::Instr::new(Opcode::ReturnValue, 0));
    let at = pops as usize + 5;
    if opcode.info().jumps {
        // Back to the start, or on to what follows.
        let target = if opcode.info().ends_block { 0 } else { at + 1 };
        instructions[at] = bytecode::Instr::new(opcode, target as u32);
    }
    let locals = (0..2).map(|index| bytecode::Local { name: format!("local{index}"), kind: bytecode::LocalKind::LOCAL }).collect();
    Code {
        name: opcode.name().to_owned(),
        qualname: opcode.name().to_owned(),
        arg_count: 2,
        stack_size: 40,
        constants: vec![Constant::None],
        names: vec!["name".to_owned()],
        locations: Locations::default(),
        instructions,
        locals,
        ..Code::default()
    }
}

/// An operand that the opcode can have.
fn operand(opcode: Opcode) -> u32 {
    match opcode {
        Opcode::LoadCommonConstant | Opcode::Resume => 0,
        Opcode::BuildSlice => 2,
        Opcode::Copy | Opcode::Swap | Opcode::CallIntrinsic1 | Opcode::CallIntrinsic2 | Opcode::SetFunctionAttribute | Opcode::ConvertValue => 1,
        Opcode::ListAppend | Opcode::ListExtend | Opcode::SetAdd | Opcode::SetUpdate | Opcode::MapAdd | Opcode::DictUpdate | Opcode::DictMerge => 1,
        _ => 0,
    }
}

#[test]
fn every_opcode_is_built_or_refused() {
    for &opcode in Opcode::ALL {
        let preloaded = Preloaded::of_code(Arc::new(code_with(opcode, operand(opcode))), opcode.name());
        match build(&preloaded, CodeId(0), &Options::default()) {
            Ok(function) => assert_eq!(verify(&function), Ok(()), "{}\n{function}", opcode.name()),
            Err(refusal) => assert_eq!(refusal, Refusal::Opcode(opcode), "{}", opcode.name()),
        }
        let is_refused = matches!(build(&preloaded, CodeId(0), &Options::default()), Err(Refusal::Opcode(_)));
        assert_eq!(is_refused, REFUSED.contains(&opcode), "{}", opcode.name());
    }
}

/// All code of the library.
fn library(visit: &mut dyn FnMut(usize, &Code)) {
    let mut files = Vec::new();
    python_files(Path::new(rustpython_pylib::LIB_PATH), &mut files);
    files.sort();
    let mut count = 0;
    for file in files {
        let Ok(source) = std::fs::read_to_string(&file) else { continue };
        let Ok(parsed) = ruff_python_parser::parse_module(&source) else { continue };
        let name = file.display().to_string();
        let code =
            compiler::compile_module(parsed.syntax(), &source, &compiler::Options::new(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut pending = vec![code];
        while let Some(code) = pending.pop() {
            visit(count, &code);
            count += 1;
            let inner = code.constants.into_iter().filter_map(|constant| if let Constant::Code(inner) = constant { Some(*inner) } else { None });
            pending.extend(inner);
        }
    }
    assert!(count > 10_000, "{count}");
}

/// Whether guards are reached only through what may be executed again, and nothing comes between the halves of a store.
fn check_order(function: &Function) -> Result<(), String> {
    for block in function.blocks() {
        let (mut snapshot, mut is_taken) = (None, false);
        for &value in function.instrs(block) {
            let instr = function.instr(value);
            let info = instr.info();
            if matches!(instr, Instr::Snapshot {}) {
                snapshot = function.frame_state(value);
            } else if info.deopt.reexecutes {
                let state = function.frame_state(value).map(|state| function.state(state).bytecode);
                if snapshot.map(|state| function.state(state).bytecode) != state {
                    return Err(format!("{value} = {} must not be executed again", instr.display(&function.pool)));
                }
            }
            let is_store = matches!(instr, Instr::StoreSlot { .. } | Instr::StoreListItem { .. } | Instr::SetCellItem { .. });
            if is_taken && !is_store {
                return Err(format!("{value} = {} within a store", instr.display(&function.pool)));
            }
            is_taken = matches!(instr, Instr::TakeSlot { .. } | Instr::TakeListItem { .. } | Instr::TakeCellItem { .. });
            if !info.is_replayable {
                snapshot = None;
            }
        }
    }
    Ok(())
}

/// Builds code and verifies it.
fn check(preloaded: &Preloaded, options: &Options, passes: &[Pass]) {
    let code = &preloaded.codes[0].code;
    let place = || format!("{} of {}, line {}", code.qualname, code.filename, code.first_line);
    match build(preloaded, CodeId(0), options) {
        Ok(mut function) => {
            assert_eq!(verify(&function), Ok(()), "{}\n{function}", place());
            assert_eq!(check_order(&function), Ok(()), "{}\n{function}", place());
            passes::run(passes, &mut function, preloaded, &mut NoObserver);
        }
        Err(refusal) => assert!(matches!(refusal, Refusal::LooksAtFrame(_) | Refusal::TooBig), "{}: {refusal}", place()),
    }
}

/// The environment of code of the library: with what it says itself, or with guesses.
fn environment(index: usize, code: &Code, has_guesses: bool) -> (Preloaded, Options) {
    let mut dice = guesses::Dice::new(index as u64);
    let preloaded = if has_guesses { guesses::preloaded(code, &mut dice) } else { Preloaded::of_code(Arc::new(code.clone()), &code.qualname) };
    let all = Options { loops: LoopEntries::All, handlers: true, ..Options::default() };
    (preloaded, if dice.roll(3) == 0 { all } else { Options::default() })
}

#[test]
fn the_library_is_built() {
    library(&mut |index, code| {
        for has_guesses in [false, true] {
            let (preloaded, options) = environment(index, code, has_guesses);
            check(&preloaded, &options, &[]);
        }
    });
}

/// A part of the library goes through all passes.
#[test]
fn the_library_passes() {
    library(&mut |index, code| {
        if index % 8 == 3 {
            let (preloaded, options) = environment(index, code, index % 16 == 3);
            check(&preloaded, &options, passes::PIPELINE);
        }
    });
}

/// What the arguments of a call are, as text of Python.
fn arguments(text: &str) -> Vec<execute::V> {
    let module = compile(&format!("def arguments(): return [{text}]"), "arguments");
    let code = Rc::new(find(&module, "arguments").expect("it is there").clone());
    let maker = execute::Maker {
        preload: &|code| Preloaded::of_code(Arc::new(code.clone()), ""),
        deopt_every: 0,
        passes: &[],
        handled: execute::V::None.into(),
    };
    match execute::call(&maker, &code, &[], &[], &[]) {
        execute::End::Return(execute::V::List(items)) => items.borrow().clone(),
        _ => panic!("`{text}` are no arguments"),
    }
}

/// Calls the functions of the programs under `tests/executed/` as lines `#: run ARGUMENTS = RESULT` say, with many kinds of feedback and forced deopts.
fn execute(passes: &[Pass], seeds: std::ops::Range<u64>) {
    let mut files = Vec::new();
    python_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/executed"), &mut files);
    files.sort();
    assert!(files.len() > 20);
    for file in files {
        let name = file.file_stem().expect("files have names").to_string_lossy().into_owned();
        let source = std::fs::read_to_string(&file).expect("the file can be read");
        let module = compile(&source, &name);
        let code = Rc::new(find(&module, "test").expect("there is `test`").clone());
        for line in source.lines().filter_map(|line| line.strip_prefix("#: run ")) {
            let (given, expected) = line.rsplit_once(" = ").expect("a result");
            for seed in seeds.clone() {
                let preload = |code: &Code| {
                    if seed == 0 {
                        return Preloaded::of_code(Arc::new(code.clone()), &code.qualname);
                    }
                    let mut preloaded = guesses::preloaded(code, &mut guesses::Dice::new(seed));
                    preloaded.codes[0].globals.clear();
                    // What is assumed of lists would not be so.
                    let classes = Arc::clone(&preloaded.classes);
                    for seen in &mut preloaded.codes[0].feedback {
                        if let Seen::Attribute(owners) = seen {
                            owners.retain(|owner| !classes.classes[owner.class.0 as usize].is_leaf);
                        }
                    }
                    preloaded
                };
                for deopt_every in [0, 1, 2, 5] {
                    let maker = execute::Maker { preload: &preload, deopt_every, passes, handled: execute::V::None.into() };
                    let outcome = execute::outcome(&maker, &code, &arguments(given));
                    assert_eq!(outcome, expected, "{name}({given}), seed {seed}, every {deopt_every}");
                }
            }
        }
    }
}

#[test]
fn programs_give_what_cpython_gives() {
    execute(&[], 0..16);
}

#[test]
fn programs_give_it_after_all_passes() {
    execute(passes::PIPELINE, 0..8);
}
