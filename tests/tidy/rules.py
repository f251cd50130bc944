"""What linters cannot check, as pure functions: source in, findings out.

A finding is ``line: what is wrong``. The rules know nothing of files; tests/test_tidy.py
points them at the tree and also shows each one a snippet that it must refuse.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Collection, Iterator, Mapping
from functools import cache

FUNCTION_LINES = 70
MODULE_LINES = 400
BANNED_WORDS = frozenset({"data", "info", "manager", "handle", "process", "utils"})
FROM_OUTSIDE = frozenset(
    {
        "asyncio",
        "concurrent",
        "multiprocessing",
        "random",
        "secrets",
        "socket",
        "threading",
        "time",
        "uuid",
    }
)
IMPURE = FROM_OUTSIDE | {
    "http",
    "io",
    "os",
    "pathlib",
    "shutil",
    "sqlite3",
    "subprocess",
    "tempfile",
    "urllib",
}
CLOCK_CALLS = frozenset({"now", "today", "utcnow", "urandom", "uuid4", "uuid1"})
_WRITES = frozenset({"insert", "update", "delete"})
_WRITING_METHODS = _WRITES | {"add"}  # Uow.add(table, row)
_WRITE_SQL = re.compile(r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+(\w+)")
_UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")

Functions = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def parsed(source: str) -> ast.Module:
    """The tree of a source, kept: a dozen rules look at each. Who asks many clears it after."""
    return ast.parse(source)


def functions(tree: ast.AST) -> Iterator[Functions]:
    """Every function and method, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, Functions))


def is_pure_table(name: str, tree: ast.Module) -> bool:
    """A module that is one table may be long: ``codes.py``, or one that says so."""
    return name == "codes.py" or "Pure table." in (ast.get_docstring(tree) or "")


def sizes(name: str, source: str) -> Iterator[str]:
    """Functions of more than 70 lines, modules of more than 400."""
    tree = parsed(source)
    length = len(source.splitlines())
    if length > MODULE_LINES and not is_pure_table(name, tree):
        yield f"1: {length} lines; at most {MODULE_LINES}, unless it is a pure table"
    for function in functions(tree):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > FUNCTION_LINES:
            yield f"{function.lineno}: {function.name} has {lines} lines; at most {FUNCTION_LINES}"


def floats(source: str) -> Iterator[str]:
    """Floats where money passes: literals, the type, true division (but ``path / "name"``)."""
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"{node.lineno}: float literal {node.value}"
        elif isinstance(node, ast.Name) and node.id == "float":
            yield f"{node.lineno}: float"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            right = node.right if isinstance(node, ast.BinOp) else node.value
            text = isinstance(right, ast.Constant) and isinstance(right.value, str)
            if not text and not isinstance(right, ast.JoinedStr):
                yield f"{node.lineno}: true division; use // or an exact rule"


def words(identifier: str) -> set[str]:
    """The words of a snake_case or CamelCase name, in lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", identifier)}


def banned_names(name: str, source: str) -> Iterator[str]:
    """Words that say nothing, in the names of modules, classes and functions."""
    if found := words(name.removesuffix(".py")) & BANNED_WORDS:
        yield f"1: module name says {', '.join(sorted(found))}: name the thing instead"
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.ClassDef) and (found := words(node.name) & BANNED_WORDS):
            yield f"{node.lineno}: class {node.name} says {', '.join(sorted(found))}"
        elif isinstance(node, ast.Module):
            for child in node.body:
                if isinstance(child, Functions) and child.name in BANNED_WORDS:
                    yield f"{child.lineno}: function {child.name}"


def imports(source: str) -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every import, wherever it stands."""
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def imports_of(source: str, roots: Collection[str]) -> Iterator[str]:
    """Imports of any of these top-level modules."""
    for line, module in imports(source):
        if module.split(".")[0] in roots:
            yield f"{line}: imports {module}"


def imports_beyond(source: str, allowed: Collection[str]) -> Iterator[str]:
    """Imports that are neither pure standard library nor below one of ``allowed``."""
    for line, module in imports(source):
        inside = any(module == root or module.startswith(f"{root}.") for root in allowed)
        top = module.split(".")[0]
        if not inside and (top not in sys.stdlib_module_names or top in IMPURE):
            yield f"{line}: imports {module}"


def clock_calls(source: str) -> Iterator[str]:
    """Calls that read a clock or make an id."""
    for node in ast.walk(parsed(source)):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr in CLOCK_CALLS:
            yield f"{called.lineno}: calls .{called.attr}()"


def broad_excepts(source: str) -> Iterator[str]:
    """``except:``, ``except Exception`` and the like, unless the exception or its cause goes on."""
    for node in ast.walk(parsed(source)):
        if not isinstance(node, ast.ExceptHandler):
            continue
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        broad = any(
            kind is None
            or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"})
            for kind in kinds
        )
        last = node.body[-1]
        again = isinstance(last, ast.Raise) and (last.exc is None or last.cause is not None)
        if broad and not again:
            yield f"{node.lineno}: catches everything"


def unfinished(source: str) -> Iterator[str]:
    """Marks of unfinished work, and functions that only pretend to be there."""
    if _UNFINISHED.search(source):  # else no part of it holds a mark
        for line, text in comments_and_strings(source):
            if _UNFINISHED.search(text):
                yield f"{line}: unfinished"
    yield from _hollow(parsed(source), in_protocol=False)


def _hollow(node: ast.AST, *, in_protocol: bool) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        protocol = in_protocol
        if isinstance(child, ast.ClassDef):
            protocol = any("Protocol" in ast.unparse(base) for base in child.bases)
        elif isinstance(child, Functions) and not protocol and not child.decorator_list:
            body = [step for step in child.body if not _is_text(step)]
            null_object = not body and child.name.startswith("_")  # it says that it does nothing
            if all(_does_nothing(step) for step in body) and not null_object:
                yield f"{child.lineno}: {child.name} does nothing"
        yield from _hollow(child, in_protocol=protocol)


def _is_text(step: ast.stmt) -> bool:
    """A docstring: text that stands alone."""
    return (
        isinstance(step, ast.Expr)
        and isinstance(step.value, ast.Constant)
        and isinstance(step.value.value, str)
    )


def _does_nothing(step: ast.stmt) -> bool:
    if isinstance(step, ast.Raise):
        return "NotImplementedError" in ast.unparse(step)
    ellipsis = isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant)
    return isinstance(step, ast.Pass) or ellipsis


def comments_and_strings(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of every comment and every string, docstrings and f-strings included."""
    wanted = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in wanted:
            yield token.start[0], token.string


def names_elements(source: str, elements: Collection[str]) -> Iterator[str]:
    """A bank's element names in strings and comments."""
    if not any(word in source for word in elements):
        return
    for line, text in comments_and_strings(source):
        for word in set(re.findall(r"[A-Z][A-Z0-9]+", text)) & set(elements):
            yield f"{line}: {word} is a bank's word"


def table_writes(source: str, tables: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """(line, table) of every insert, update and delete.

    ``tables`` maps the attribute names of gateway.store.tables to table names.
    """
    tree = parsed(source)
    modules, direct, verbs = _table_names(tree, tables)

    def table_of(node: ast.expr) -> str:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return tables.get(node.attr, "") if node.value.id in modules else ""
        return direct.get(node.id, "") if isinstance(node, ast.Name) else ""

    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _written_in_text(node, tables.values())
        elif isinstance(node, ast.Call):
            for place in _written_by_call(node, verbs):
                if name := table_of(place):
                    yield node.lineno, name


def _written_in_text(node: ast.Constant, names: Collection[str]) -> Iterator[tuple[int, str]]:
    for name in _WRITE_SQL.findall(str(node.value)):
        if name in names:
            yield node.lineno, name


def _written_by_call(call: ast.Call, verbs: Collection[str]) -> Iterator[ast.expr]:
    """Where the table stands in ``insert(table)``, ``uow.add(table, …)`` and ``table.insert()``."""
    first = call.args[:1]
    if isinstance(call.func, ast.Name) and call.func.id in verbs:
        yield from first
    elif isinstance(call.func, ast.Attribute) and call.func.attr in _WRITING_METHODS:
        yield call.func.value
        yield from first


def _table_names(
    tree: ast.Module, tables: Mapping[str, str]
) -> tuple[set[str], dict[str, str], set[str]]:
    """What a module calls the tables module, single tables, and the writing verbs."""
    modules, direct, verbs = set[str](), dict[str, str](), set[str]()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            local = alias.asname or alias.name
            if node.module == "gateway.store" and alias.name == "tables":
                modules.add(local)
            elif node.module == "gateway.store.tables" and alias.name in tables:
                direct[local] = tables[alias.name]
            elif (node.module or "").startswith("sqlalchemy") and alias.name in _WRITES:
                verbs.add(local)
    return modules, direct, verbs


def undocumented(source: str) -> Iterator[str]:
    """A module without a docstring."""
    if not ast.get_docstring(parsed(source)):
        yield "1: says nothing about itself"
