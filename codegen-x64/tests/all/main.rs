//! x
use lir::*;
#[test]
fn first() {
    let mut symbols = SymbolTable::new();
    let t = symbols.add("exit_trampoline", 0x7f0000001000);
    symbols.add("add_slow", 0x7f0000002000);
    let f = text::parse_with(
        "fun first {
bb0:
  %0, %1 = Arguments
  %2 = Load.64 [%0+8] @3
  GuardTest.64 ne %2, 1 exit 1 (%0, %1, 7)
  %3 = GuardAdd.64 no %2, %1 exit 2 (%0, %2, 9) @4
  %4 = Call &add_slow, vm, %3, 5 safepoint 3 (%0, %3)
  TestJump.64 ne %4, %4 -> bb1(%4), bb2
bb1 (%5):
  %6 = Add.64 %5, %0
  Return %6
bb2 cold:
  Exit exit 5 (%0, %3)
}",
        &symbols,
    )
    .unwrap();
    verify::verify(&f).unwrap();
    println!("{}", f.print_with(&symbols));
    let a = Allocator::new().allocate(f).unwrap();
    println!("{}", a.function.print_with(&symbols));
    let code = codegen_x64::emit(&a, &symbols, &codegen_x64::Options { exit_trampoline: t }).unwrap();
    println!("{}", codegen_x64::disassemble(&code, &symbols, Some(&a)));
    println!("{:?}", code);
}
