//! `_statistics`: the inverse of the normal distribution's cumulative distribution function, by
//! Wichura's algorithm AS 241.

use object::native::Module;
use object::{PyResult, Ref, Vm, method};

pub static MODULE: Module = Module {
    name: "_statistics",
    doc: "Accelerators for the statistics module.\n",
    functions: &[method!(Bound normal_dist_inv_cdf as "_normal_dist_inv_cdf" "($module, p, mu, sigma, /)", "")],
    ..Module::DEFAULT
};

/// Coefficients of numerator and denominator, highest power first.
struct Ratio([f64; 8], [f64; 8]);

const CENTRAL: Ratio = Ratio(
    [
        2509.0809287301227,
        33_430.575_583_588_13,
        67_265.770_927_008_7,
        45_921.953_931_549_87,
        13_731.693_765_509_46,
        1971.5909503065514,
        133.14166789178438,
        3.3871328727963666,
    ],
    [
        5_226.495_278_852_854,
        28729.085735721943,
        39_307.895_800_092_71,
        21213.794301586596,
        5_394.196_021_424_751,
        687.187_007_492_057_9,
        42.313_330_701_600_91,
        1.0,
    ],
);
const MIDDLE: Ratio = Ratio(
    [
        7.745_450_142_783_414e-4,
        0.022723844989269185,
        0.241_780_725_177_450_6,
        1.2704582524523684,
        3.6478483247632046,
        5.769_497_221_460_691,
        4.630_337_846_156_546,
        1.4234371107496836,
    ],
    [
        1.0507500716444168e-9,
        5.475_938_084_995_344e-4,
        0.015198666563616457,
        0.14810397642748007,
        0.689_767_334_985_1,
        1.6763848301838038,
        2.053_191_626_637_759,
        1.0,
    ],
);
const FAR: Ratio = Ratio(
    [
        2.0103343992922881e-7,
        2.7115555687434876e-5,
        1.2426609473880784e-3,
        0.026532189526576123,
        0.29656057182850489,
        1.7848265399172913,
        5.463_784_911_164_114,
        6.657_904_643_501_104,
    ],
    [
        2.0442631033899398e-15,
        1.421_511_758_316_446e-7,
        1.8463183175100547e-5,
        7.868_691_311_456_133e-4,
        0.014875361290850615,
        0.136_929_880_922_735_8,
        0.599_832_206_555_888,
        1.0,
    ],
);

impl Ratio {
    fn at(&self, r: f64, factor: f64) -> f64 {
        let polynomial = |coefficients: &[f64; 8]| coefficients.iter().fold(0.0, |sum, coefficient| sum * r + coefficient);
        polynomial(&self.0) * factor / polynomial(&self.1)
    }
}

fn inverse(p: f64, mu: f64, sigma: f64) -> Option<f64> {
    if p <= 0.0 || p >= 1.0 {
        return None;
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return Some(mu + CENTRAL.at(0.180625 - q * q, q) * sigma);
    }
    let r = if q <= 0.0 { p } else { 1.0 - p };
    if r <= 0.0 || r >= 1.0 {
        return None;
    }
    let r = (-r.ln()).sqrt();
    let x = if r <= 5.0 { MIDDLE.at(r - 1.6, 1.0) } else { FAR.at(r - 5.0, 1.0) };
    Some(mu + if q < 0.0 { -x } else { x } * sigma)
}

fn normal_dist_inv_cdf(vm: &mut Vm, _module: Ref<'_>, args: &[Option<Ref<'_>>]) -> PyResult {
    let mut numbers = [0.0; 3];
    for (number, arg) in numbers.iter_mut().zip(args) {
        *number = vm.to_float(arg.expect("a required argument"))?;
    }
    let [p, mu, sigma] = numbers;
    match inverse(p, mu, sigma) {
        Some(value) => Ok(vm.new_float(value)),
        None => Err(vm.value_error("inv_cdf undefined for these parameters")),
    }
}
