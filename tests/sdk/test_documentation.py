"""The reference of the contract and of the test kit is their docstrings: each public name has one that says what it
raises and shows an example that is Python; what the examples print is true."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple

import pytest

from actionsd import samples, sdk, testing
from actionsd.sdk import helpers

PUBLIC = (sdk, helpers, testing)
EXAMPLE = re.compile(r"^Example:\n((?: {4}.*\n?|\n)+)", re.MULTILINE)
PROMPTED = re.compile(r"^>>> ", re.MULTILINE)
INLINE = re.compile(r"``([^`]+)``")


class Documented(NamedTuple):
    """A public name with the statement that defines it, the one after it, and the text of both."""

    name: str
    node: ast.stmt
    doc: str


def definitions() -> Iterator[Documented]:
    for module in PUBLIC:
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.ImportFrom) and node.module != "msgspec":
                found = _found_in(importlib.import_module(str(node.module)))
                yield from (found[alias.name] for alias in node.names)


def _found_in(module: ModuleType) -> dict[str, Documented]:
    found: dict[str, Documented] = {}
    body = ast.parse(inspect.getsource(module)).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        for name in _names(node):
            if name not in found or not found[name].doc:  # overloads come before what has the docstring
                found[name] = Documented(name, node, _doc(node, after))
    return found


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [node.target.id] if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else []


def _doc(node: ast.stmt, after: ast.stmt | None) -> str:
    """A docstring, or the text that stands below an assignment."""
    if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return ast.get_docstring(node) or ""
    text = after.value if isinstance(after, ast.Expr) else None
    return inspect.cleandoc(str(text.value)) if isinstance(text, ast.Constant) else ""


NAMES = list(definitions())


def examples(documented: Documented) -> list[str]:
    """The code in a docstring that shows how the name is used."""
    blocks = [textwrap.dedent(block) for block in EXAMPLE.findall(documented.doc)]
    prompts = [example.source for example in doctest.DocTestParser().get_examples(documented.doc)]
    inline = [code for code in INLINE.findall(documented.doc) if re.search(rf"\b{documented.name}\b", code)]
    return [*blocks, *prompts, *[code for code in inline if code != documented.name]]


def test_no_public_name_is_forgotten() -> None:
    msgspecs = {"UNSET", "UnsetType"}  # handed on as they are
    assert {documented.name for documented in NAMES} | msgspecs == {name for each in PUBLIC for name in each.__all__}


@pytest.mark.parametrize("documented", NAMES, ids=lambda documented: documented.name)
def test_every_public_name_is_documented_with_an_example(documented: Documented) -> None:
    assert documented.doc, f"{documented.name} has no docstring"
    shown = examples(documented)
    assert shown, f"{documented.name} has no example"
    for code in shown:
        ast.parse(f"async def example():\n{textwrap.indent(code, '    ')}")


@pytest.mark.parametrize("documented", NAMES, ids=lambda documented: documented.name)
def test_what_is_raised_is_documented(documented: Documented) -> None:
    raised = {
        ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)
        for node in ast.walk(documented.node)
        if isinstance(node, ast.Raise) and node.exc is not None
    }
    docs = documented.doc + "".join(
        ast.get_docstring(node) or "" for node in ast.walk(documented.node) if isinstance(node, ast.FunctionDef)
    )
    assert {name for name in raised if name not in docs} == set()


def test_every_public_function_is_typed() -> None:
    untyped = [
        documented.name
        for documented in NAMES
        if isinstance(node := documented.node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        if argument.annotation is None or node.returns is None
    ]
    assert untyped == []


def _modules() -> Iterator[ModuleType]:
    for package in (sdk, testing, samples):
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


@pytest.mark.parametrize("module", list(_modules()), ids=lambda module: module.__name__)
def test_examples_print_what_they_say(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
