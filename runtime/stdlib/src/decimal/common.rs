//! The operations that are methods of `Decimal` and of `Context` under the same name, as tables: each is given to
//! the macro that makes methods of the type.

/// Of one number.
macro_rules! unary_operations {
    ($methods:ident) => {
        $methods! {
            exp: Settings::exp;
            ln: Settings::ln;
            log10: Settings::log10;
            next_minus: |settings, number, status| settings.next(number, true, status);
            next_plus: |settings, number, status| settings.next(number, false, status);
            normalize: Settings::normalize;
            sqrt: Settings::square_root;
            logb: Settings::logb;
            logical_invert: Settings::logical_invert;
        }
    };
}

/// Of two numbers.
macro_rules! binary_operations {
    ($methods:ident) => {
        $methods! {
            compare: Settings::compare;
            compare_signal: Settings::compare_signal;
            max: |settings, a, b, status| settings.extreme(a, b, Extreme::Greatest, Measure::Value, status);
            max_mag: |settings, a, b, status| settings.extreme(a, b, Extreme::Greatest, Measure::Magnitude, status);
            min: |settings, a, b, status| settings.extreme(a, b, Extreme::Least, Measure::Value, status);
            min_mag: |settings, a, b, status| settings.extreme(a, b, Extreme::Least, Measure::Magnitude, status);
            next_toward: Settings::next_toward;
            remainder_near: Settings::remainder_near;
            compare_total: |_, a, b, _| ordering_number(a.compare_total(b));
            compare_total_mag: |_, a, b, _| ordering_number(a.compare_total_magnitude(b));
            copy_sign: |_, a, b, _| a.clone().with_sign(b.negative);
            logical_and: |settings, a, b, status| settings.logical(a, b, |a, b| a && b, status);
            logical_or: |settings, a, b, status| settings.logical(a, b, |a, b| a || b, status);
            logical_xor: |settings, a, b, status| settings.logical(a, b, |a, b| a != b, status);
            rotate: Settings::rotate;
            scaleb: Settings::scaleb;
            shift: Settings::shift;
        }
    };
}

pub(super) use {binary_operations, unary_operations};
