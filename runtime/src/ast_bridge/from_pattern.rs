//! Patterns, type parameters and type aliases back to the parser's tree.

use super::from_object::Reader;
use object::{PyResult, Ref, Vm};
use ruff_python_ast::{self as ast, AtomicNodeIndex, Pattern, Singleton};
use ruff_text_size::TextRange;
use stdlib::ast::table::Kind;

impl Reader {
    pub(super) fn case(&mut self, vm: &mut Vm, node: Ref<'_>) -> PyResult<ast::MatchCase> {
        Ok(ast::MatchCase {
            range: TextRange::default(),
            node_index: AtomicNodeIndex::default(),
            pattern: self.one(vm, node, "pattern", Reader::pattern)?,
            guard: self.optional_expr(vm, node, "guard")?,
            body: self.required_body(vm, node, "body")?,
        })
    }

    fn pattern(&mut self, vm: &mut Vm, node: Ref<'_>) -> PyResult<Pattern> {
        vm.check_stack(" during compilation")?;
        let class = self.class_of(vm, node, Kind::pattern, "pattern")?;
        let range = self.range(vm, node, "pattern")?;
        let node_index = AtomicNodeIndex::default();
        Ok(match class.as_str() {
            "MatchValue" => Pattern::MatchValue(ast::PatternMatchValue { node_index, range, value: self.expr(vm, node, "value")? }),
            "MatchSingleton" => {
                let value = self.field(vm, node, "value")?;
                let value = match (value.borrow().is_none(), value.borrow().as_bool()) {
                    (true, _) => Singleton::None,
                    (_, Some(true)) => Singleton::True,
                    (_, Some(false)) => Singleton::False,
                    _ => return Err(vm.value_error("MatchSingleton can only contain True, False and None")),
                };
                Pattern::MatchSingleton(ast::PatternMatchSingleton { node_index, range, value })
            }
            "MatchSequence" => {
                Pattern::MatchSequence(ast::PatternMatchSequence { node_index, range, patterns: self.many(vm, node, "patterns", Reader::pattern)? })
            }
            "MatchMapping" => {
                let keys = self.exprs(vm, node, "keys")?;
                let patterns = self.many(vm, node, "patterns", Reader::pattern)?;
                if keys.len() != patterns.len() {
                    return Err(vm.value_error("MatchMapping doesn't have the same number of keys as patterns"));
                }
                let rest = self.optional_name(vm, node, "rest")?;
                Pattern::MatchMapping(ast::PatternMatchMapping {
                    node_index,
                    range,
                    keys: keys.into_iter().collect(),
                    patterns: patterns.into_iter().collect(),
                    rest,
                })
            }
            "MatchClass" => {
                let cls = self.expr(vm, node, "cls")?;
                let patterns = self.many(vm, node, "patterns", Reader::pattern)?;
                let names = self.many(vm, node, "kwd_attrs", Reader::text_of)?;
                let values = self.many(vm, node, "kwd_patterns", Reader::pattern)?;
                if names.len() != values.len() {
                    return Err(vm.value_error("MatchClass doesn't have the same number of keyword attributes as patterns"));
                }
                let keyword = |(name, pattern): (String, Pattern)| ast::PatternKeyword {
                    range,
                    node_index: AtomicNodeIndex::default(),
                    attr: ast::Identifier::new(name, range),
                    pattern,
                };
                let keywords = names.into_iter().zip(values).map(keyword).collect();
                let arguments =
                    ast::PatternArguments { range, node_index: AtomicNodeIndex::default(), patterns: patterns.into_iter().collect(), keywords };
                Pattern::MatchClass(ast::PatternMatchClass { node_index, range, cls, arguments })
            }
            "MatchStar" => Pattern::MatchStar(ast::PatternMatchStar { node_index, range, name: self.optional_name(vm, node, "name")? }),
            "MatchAs" => {
                let pattern = self.optional(vm, node, "pattern", Reader::pattern)?.map(Box::new);
                let name = self.optional_name(vm, node, "name")?;
                if pattern.is_some() && name.is_none() {
                    return Err(vm.value_error("MatchAs must specify a target name if a pattern is given"));
                }
                if name.as_ref().is_some_and(|name| name.as_str() == "_") {
                    return Err(vm.value_error("can't capture name '_' in patterns"));
                }
                Pattern::MatchAs(ast::PatternMatchAs { node_index, range, pattern, name })
            }
            _ => {
                let patterns = self.many(vm, node, "patterns", Reader::pattern)?;
                if patterns.len() < 2 {
                    return Err(vm.value_error("MatchOr requires at least 2 patterns"));
                }
                Pattern::MatchOr(ast::PatternMatchOr { node_index, range, patterns })
            }
        })
    }

    pub(super) fn type_parameters(&mut self, vm: &mut Vm, node: Ref<'_>, range: TextRange) -> PyResult<Option<Box<ast::TypeParams>>> {
        let type_params = self.many(vm, node, "type_params", |this, vm, node| {
            let class = this.class_of(vm, node, Kind::type_param, "type_param")?;
            let range = this.range(vm, node, "type_param")?;
            let node_index = AtomicNodeIndex::default();
            let name = this.name(vm, node, "name")?;
            let default = this.optional_expr(vm, node, "default_value")?;
            Ok(match class.as_str() {
                "TypeVar" => {
                    ast::TypeParam::TypeVar(ast::TypeParamTypeVar { node_index, range, name, bound: this.optional_expr(vm, node, "bound")?, default })
                }
                "ParamSpec" => ast::TypeParam::ParamSpec(ast::TypeParamParamSpec { node_index, range, name, default }),
                _ => ast::TypeParam::TypeVarTuple(ast::TypeParamTypeVarTuple { node_index, range, name, default }),
            })
        })?;
        if type_params.is_empty() {
            return Ok(None);
        }
        Ok(Some(Box::new(ast::TypeParams { range, node_index: AtomicNodeIndex::default(), type_params: type_params.into_iter().collect() })))
    }
}
