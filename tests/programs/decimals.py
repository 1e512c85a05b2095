"""decimal and fractions."""
from decimal import Decimal, getcontext, localcontext, ROUND_HALF_UP, ROUND_DOWN, InvalidOperation, DivisionByZero, Inexact
from fractions import Fraction

D = Decimal
print(D("1.10") + D("2.205"), D(1) / D(7), D("1E+3") * 2, D("0.1") + D("0.2") == D("0.3"), D(0.1), D("-0"), D("NaN"), D("Infinity"), repr(D("1.50")))
print(D("2.675").quantize(D("0.01"), ROUND_HALF_UP), round(D("2.675"), 2), round(D("2.5")), D("7") // D("-2"), D("7") % D("-2"), divmod(D(7), D(2)), D("1234.5").normalize(), D("1.2e5").to_integral_value(), int(D("-3.9")))
print(D(2).sqrt(), D(1).exp(), D(10).ln(), D(100).log10(), D(2) ** D("0.5"), D("1.23").as_tuple(), D("123").adjusted(), D("1.5").as_integer_ratio(), D("1e-10").to_eng_string())
print(f"{D('1234567.891'):,.2f} {D('0.00001')} {D('1E-7')} {D('12'):>8} {D('0.5'):%} {D('123.4'):e}", max(D(1), D("1.5")), sorted([D(3), D("-1"), D("2.5")]), D("1.0") == 1, hash(D("1.0")) == hash(1), D(1) < 1.5)
with localcontext() as context:
    context.prec = 5
    print(D(1) / D(3), D("123456") + 1, +D("1.23456789"))
    context.rounding = ROUND_DOWN
    print(D(2) / D(3), context.flags[Inexact])
for bad in (lambda: D("x"), lambda: D(1) / 0, lambda: D(0) / 0, lambda: D(-1).sqrt(), lambda: D(1) + 1.5, lambda: D("sNaN") + 1, lambda: int(D("NaN"))):
    try:
        print(bad())
    except Exception as error:
        print(type(error).__name__, error)
print(getcontext().prec, sum([D("0.1")] * 10), D.from_float(0.5), D((0, (1, 2, 3), -2)), D("1_000.5"), D("٣"))
print(Fraction(1, 3) + Fraction(1, 6), Fraction("0.125"), Fraction(1.5), Fraction(7, -14), Fraction(22, 7) // 1, Fraction(3.14159).limit_denominator(100), float(Fraction(1, 3)), Fraction(1, 2) == 0.5, Fraction(1, 2) ** 2, round(Fraction(7, 2)), f"{Fraction(1, 3):.3f}", hash(Fraction(2)) == hash(2))
try:
    Fraction(1, 0)
except ZeroDivisionError as error:
    print(error)
