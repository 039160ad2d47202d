"""Small wrong changes to a module's source, each one alone: what a test must notice. Pure.

A mutant is a place in the syntax tree and the number of a change there; the same source gives the
same mutants. Not changed: annotations, docstrings, decorators, imports, `__all__`, the texts of
exceptions and the fixed parts of f-strings (sentences for people). A plain assignment that is not
inside a branch is not removed: what follows would only lack a name, and such mutants flatter a rate.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
_Scope = ast.FunctionDef | ast.ClassDef
_Parents = dict[ast.AST, tuple[ast.AST, str, int | None]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One wrong change. `function`: the outermost function it is in, as `Class.name`; empty where it
    takes effect when the module is imported."""

    module: str
    line: int
    function: str
    node: int  # which node of the tree, in the order of `ast.walk`
    variant: int
    before: str
    after: str
    nth: int = 0  # of the changes alike in this function; lines may move, this does not

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.function} {self.before} → {self.after} #{self.nth}"


def mutants(module: str, source: str, functions: Collection[str] = ()) -> list[Mutant]:
    """Every mutant of a source, in the order of its lines; `functions`: only of these, if any."""
    tree = ast.parse(source)
    parents = _parents(tree)
    found = []
    for number, node in enumerate(ast.walk(tree)):
        if not hasattr(node, "lineno") or _left_alone(node, parents):
            continue
        function = _function(node, parents)
        if functions and function not in functions:
            continue
        before = _text(node)
        for variant, changed in enumerate(_changes(node, parents)):
            after = "(removed)" if isinstance(changed, ast.Pass) else _text(changed)
            line = node.lineno  # type: ignore[attr-defined]
            found.append(Mutant(module, line, function, number, variant, before, after))
    found.sort(key=lambda one: (one.line, one.node, one.variant))
    alike: Counter[tuple[str, str, str]] = Counter()
    numbered = []
    for one in found:
        key = (one.function, one.before, one.after)
        numbered.append(replace(one, nth=alike[key]))
        alike[key] += 1
    return numbered


def mutated(source: str, mutant: Mutant) -> ast.Module:
    """The tree with this one change in it."""
    tree = ast.parse(source)
    parents = _parents(tree)
    node = list(ast.walk(tree))[mutant.node]
    changed = list(_changes(node, parents))[mutant.variant]
    parent, field, index = parents[node]
    ast.copy_location(changed, node)
    if index is None:
        setattr(parent, field, changed)
    else:
        getattr(parent, field)[index] = changed
    return ast.fix_missing_locations(tree)


def _changes(node: ast.AST, parents: _Parents) -> Iterator[ast.AST]:
    """What may stand in the place of a node."""
    match node:
        case ast.Compare():
            for at, op in enumerate(node.ops):
                for other in _COMPARED[type(op)]:
                    changed = copy.deepcopy(node)
                    changed.ops[at] = other()
                    yield changed
        case ast.BoolOp():
            other_op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield ast.BoolOp(other_op, node.values)
            for at in range(len(node.values)):
                rest = [value for n, value in enumerate(node.values) if n != at]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.BinOp() if type(node.op) in _CALCULATED:
            yield ast.BinOp(node.left, _CALCULATED[type(node.op)](), node.right)
        case ast.AugAssign():
            if type(node.op) in _CALCULATED:
                yield ast.AugAssign(node.target, _CALCULATED[type(node.op)](), node.value)
            yield ast.Assign([node.target], node.value)
            yield ast.Pass()
        case ast.Constant():
            yield from map(ast.Constant, _constants(node.value))
        case ast.Name(id=name) if name in _NAMES and _called(node, parents):
            yield ast.Name(_NAMES[name], node.ctx)
        case ast.Return(value=value) if value is not None and not _is_none(value):
            yield ast.Return(ast.Constant(None))
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()
            yield ast.Pass()
        case ast.Expr() | ast.Raise() | ast.Delete():
            yield ast.Pass()
        case ast.Assign(targets=[target]):
            plain = isinstance(target, ast.Name | ast.Tuple)
            if not plain or _branched(node, parents):
                yield ast.Pass()
    if _is_condition(node, parents) and not isinstance(node, ast.Compare | ast.UnaryOp):
        assert isinstance(node, ast.expr)
        yield ast.UnaryOp(ast.Not(), node)


def _constants(value: object) -> Iterator[object]:
    match value:
        case bool():
            yield not value
        case int() | float():
            yield value + 1
            yield value - 1
        case str():
            yield "" if value else "mutated"


def _left_alone(node: ast.AST, parents: _Parents) -> bool:
    """Whether a node is in a place that is not mutated."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring, or `...`
    child = node
    while child in parents:
        parent, field, _ = parents[child]
        if field in ("annotation", "returns", "decorator_list", "format_spec"):
            return True
        if isinstance(parent, ast.JoinedStr) and isinstance(child, ast.Constant):
            return True
        if isinstance(parent, ast.Raise | ast.Import | ast.ImportFrom | ast.alias):
            return True
        if isinstance(parent, ast.Expr) and isinstance(child, ast.Constant):
            return True
        if isinstance(parent, ast.If) and _text(parent.test) == "TYPE_CHECKING":
            return True
        if isinstance(parent, ast.Assign) and _text(parent.targets[0]) == "__all__":
            return True
        if isinstance(parent, ast.Module) and _is_alias_of_type(child):
            return True
        child = parent
    return False


def _is_alias_of_type(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and _text(node.value).startswith(
        ("Literal[", "Callable[", "Annotated[")
    )


def _function(node: ast.AST, parents: _Parents) -> str:
    """The outermost function whose body a node is in: what is outside, or in the defaults of its
    parameters, takes effect at import."""
    scopes: list[str] = []
    found = ""
    child = node
    while child in parents:
        parent, field, _ = parents[child]
        if isinstance(parent, _Scope):
            scopes.insert(0, parent.name)
            if isinstance(parent, ast.FunctionDef):
                scopes = [parent.name]
                found = "function" if field == "body" else ""
        child = parent
    return ".".join(scopes) if found else ""


def _is_condition(node: ast.AST, parents: _Parents) -> bool:
    parent, field, _ = parents.get(node, (None, "", None))
    if isinstance(parent, ast.If | ast.While | ast.IfExp):
        return field == "test"
    return isinstance(parent, ast.comprehension) and field == "ifs"


def _called(node: ast.AST, parents: _Parents) -> bool:
    parent, field, _ = parents[node]
    return isinstance(parent, ast.Call) and field == "func"


def _branched(node: ast.AST, parents: _Parents) -> bool:
    return isinstance(parents[node][0], ast.If | ast.For | ast.While | ast.Try)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _parents(tree: ast.AST) -> _Parents:
    found: _Parents = {}
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, ast.AST):
                found[value] = (parent, field, None)
            elif isinstance(value, list):
                for index, child in enumerate(value):
                    if isinstance(child, ast.AST):
                        found[child] = (parent, field, index)
    return found


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
