"""Contexts of decimals: precision, rounding, signals, flags and traps, formats."""

from decimal import (
    Context, Decimal, DecimalException, ExtendedContext, FloatOperation, Inexact, Overflow, ROUND_CEILING, ROUND_DOWN,
    ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, ROUND_05UP, Rounded, Subnormal, getcontext, localcontext,
)
from fractions import Fraction
import copy
import pickle


def attempt(function):
    try:
        print(function())
    except DecimalException as error:
        print(type(error).__name__, [condition.__name__ for condition in error.args[0]])
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        print(type(error).__name__, error)


print(getcontext())
for rounding in ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, ROUND_05UP:
    context = Context(prec=3, rounding=rounding)
    print(rounding, *(context.create_decimal(text) for text in ("1.2345", "-1.2355", "1.005", "9.995", "-9.996")))

with localcontext(prec=50) as context:
    for value in "2", "0.1", "1.0000000001", "123456789", "1e-20", "7e30":
        number = Decimal(value)
        print(number.sqrt(), number.ln(), number.log10(), sep="\n")
        print(min(number, Decimal(100)).exp())
    print(Decimal(2) ** Decimal("0.5"), Decimal("1.1") ** 100, Decimal(3) ** -7, pow(Decimal(7), 130, 1000))
    print(context.flags[Inexact], context.flags[Rounded], context.flags[Overflow])

attempt(lambda: Decimal(1) / 0)
attempt(lambda: Decimal(0) / 0)
attempt(lambda: Decimal("sNaN") + 1)
attempt(lambda: Decimal("x"))
attempt(lambda: divmod(Decimal(1), 0))
attempt(lambda: Decimal("1e999999") * 10)
attempt(lambda: Decimal("NaN") < 1)
attempt(lambda: int(Decimal("Infinity")))
attempt(lambda: Decimal((0, (1, 12), 0)))
attempt(lambda: Decimal(1).quantize(Decimal("1e-40")))
attempt(lambda: Context(prec=0))
attempt(lambda: Context(traps=["Inexact"]))

with localcontext(ExtendedContext) as context:
    print(Decimal(1) / 0, Decimal(0) / 0, -Decimal(1) / 3, Decimal("1e-999999") / 7)
    print([signal.__name__ for signal, raised in context.flags.items() if raised])
    context.clear_flags()
    context.traps[Subnormal] = True
    attempt(lambda: Decimal("1e-999999") / 10000)
    context.traps[FloatOperation] = True
    attempt(lambda: Decimal(1.5))
    print(Decimal(2) == 2.0, context.flags[FloatOperation])

print(copy.copy(context) == context, pickle.loads(pickle.dumps(Decimal("-1.50"))), repr(pickle.loads(pickle.dumps(context))))
print(hash(Decimal("0.5")) == hash(0.5) == hash(Fraction(1, 2)), Decimal("0.5") == Fraction(1, 2), Decimal(3) < Fraction(10, 3))
number = Decimal("-1234567.891")
for spec in "", ",", ".2f", "015,.1f", "+.3e", "%", ".1%", "*^20g", "_.0f", "G", "z.0f":
    print(spec, format(number, spec), format(Decimal(0), spec), format(Decimal("-0.001"), spec))
print(number.as_tuple(), number.as_integer_ratio(), number.to_eng_string(), number.normalize(), round(number, 1), round(number))
print(Decimal("1e5").to_eng_string(), Decimal("123e-10").to_eng_string(), Decimal("12e3"), Decimal("-0E+3"), Decimal("NaN123"))
print(Decimal(101).logical_xor(Decimal(110)), Decimal(1234).rotate(2, Context(prec=4)), Decimal(1234).shift(-2), Decimal("1.5").next_plus(Context(prec=3)))
