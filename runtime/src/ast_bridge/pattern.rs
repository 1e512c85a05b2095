//! Patterns of `match`.

use super::Maker;
use object::{Object, PyResult, Vm};
use ruff_python_ast::{Pattern, Singleton};
use ruff_text_size::Ranged;
use stdlib::ast::table::Kind;

impl Maker<'_> {
    fn patterns(&self, vm: &mut Vm, patterns: &[Pattern]) -> PyResult {
        self.list(vm, patterns, |this, vm, pattern| this.pattern(vm, pattern))
    }

    pub(super) fn pattern(&self, vm: &mut Vm, pattern: &Pattern) -> PyResult {
        stacker::maybe_grow(128 << 10, 4 << 20, || self.pattern_here(vm, pattern))
    }

    fn pattern_here(&self, vm: &mut Vm, pattern: &Pattern) -> PyResult {
        let range = pattern.range();
        match pattern {
            Pattern::MatchValue(node) => {
                let value = self.expression(vm, &node.value)?;
                self.node(vm, Kind::MatchValue, range, [value])
            }
            Pattern::MatchSingleton(node) => {
                let value = match node.value {
                    Singleton::None => Object::none(),
                    Singleton::True => Object::bool(true),
                    Singleton::False => Object::bool(false),
                };
                self.node(vm, Kind::MatchSingleton, range, [value])
            }
            Pattern::MatchSequence(node) => {
                let patterns = self.patterns(vm, &node.patterns)?;
                self.node(vm, Kind::MatchSequence, range, [patterns])
            }
            Pattern::MatchMapping(node) => {
                let keys = self.expressions(vm, &node.keys)?;
                let patterns = self.patterns(vm, &node.patterns)?;
                let rest = self.optional_identifier(vm, node.rest.as_ref());
                self.node(vm, Kind::MatchMapping, range, [keys, patterns, rest])
            }
            Pattern::MatchClass(node) => {
                let class = self.expression(vm, &node.cls)?;
                let patterns = self.patterns(vm, &node.arguments.patterns)?;
                let keywords = &node.arguments.keywords;
                let names = keywords.iter().map(|keyword| self.identifier(vm, &keyword.attr)).collect();
                let names = vm.new_list(names).into_object();
                let values = self.list(vm, keywords, |this, vm, keyword| this.pattern(vm, &keyword.pattern))?;
                self.node(vm, Kind::MatchClass, range, [class, patterns, names, values])
            }
            Pattern::MatchStar(node) => {
                let name = self.optional_identifier(vm, node.name.as_ref());
                self.node(vm, Kind::MatchStar, range, [name])
            }
            Pattern::MatchAs(node) => {
                let inner = match &node.pattern {
                    Some(inner) => self.pattern(vm, inner)?,
                    None => Object::none(),
                };
                let name = self.optional_identifier(vm, node.name.as_ref());
                self.node(vm, Kind::MatchAs, range, [inner, name])
            }
            Pattern::MatchOr(node) => {
                let patterns = self.patterns(vm, &node.patterns)?;
                self.node(vm, Kind::MatchOr, range, [patterns])
            }
        }
    }
}
