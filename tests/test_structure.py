"""The shape of the project, held by reading its source: who imports whom, what is pure, where SQL stands, how long
things get (DESIGN "Layout", RULES C7). The messages name the line, so that a failing test reads like a review."""

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"

# An import goes only to a row above its own. What shares a row does not know of each other.
RANKS: tuple[frozenset[str], ...] = tuple(
    frozenset(row.split())
    for row in (
        "sdk event clock errors observe wire differences",
        "mapping fql settings",
        "filters samples",  # conditions of filters are FQL; a sample may be made to fit a trigger
        "protocols",  # edits events as filters do
        "catalog store",
        "ingest routing check",
        "delivery",  # asks routing what an event matches
        "operate",
        "admin console",
        "daemon",
        "testing",  # runs what a lane runs
        "cli",  # makes up what a plugin's developer did not give, runs stored cases
    )
)
INSIDE = {"store", "ingest", "routing", "delivery", "operate", "admin", "console", "daemon"}
PURE = {"mapping", "fql", "filters", "protocols", "sdk"}
IMPURE_MODULES = {
    "aiohttp", "aiosqlite", "anyio", "asyncio", "multiprocessing", "os", "pathlib", "random", "secrets", "signal",
    "socket", "sqlite3", "subprocess", "threading", "time", "urllib.request", "uvloop",
}  # fmt: skip
SDK_MAY_IMPORT = set(sys.stdlib_module_names) | {"msgspec", "pluggy", "actionsd.sdk"}
SQL = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX)|PRAGMA)\b",
    re.IGNORECASE | re.DOTALL,
)
MARKER = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
CURRENCY_CODES = re.compile(r"[A-Z]{3}( [A-Z]{3})+")  # a line of ISO 4217, in which XXX is "no currency"
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Module:
    """One source file, parsed; ``name`` as it is imported."""

    name: str
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @property
    def part(self) -> str:
        """The package or module right under ``actionsd``."""
        return self.name.partition(".")[2].partition(".")[0]

    def at(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"

    def imports(self) -> Iterator[tuple[ast.AST, str]]:
        """Every module that is imported, deferred imports included, with the node that does it."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._absolute(node)
                yield node, base
                yield from ((node, f"{base}.{alias.name}") for alias in node.names if f"{base}.{alias.name}" in MODULES)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".")
        keep = len(package) - node.level + (self.path.name == "__init__.py")
        return ".".join([*package[:keep], *([node.module] if node.module else [])])


def _modules(source: Path) -> dict[str, Module]:
    found = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = Module(name, path)
    return found


MODULES = _modules(SOURCE)
PLUGINS = [Module(path.stem, path) for path in sorted((ROOT / "plugins").glob("*/src/**/*.py"))]
TESTS = [
    Module(path.stem, path)
    for path in sorted([*(ROOT / "tests").rglob("*.py"), *(ROOT / "plugins").glob("*/tests/**/*.py")])
]
PRODUCT = [*MODULES.values(), *PLUGINS]


def _rank(part: str) -> int:
    ranks = [index for index, row in enumerate(RANKS) if part in row]
    assert ranks, f"actionsd.{part} has no rank: give it one in {Path(__file__).name}"
    return ranks[0]


def _strings(module: Module) -> Iterator[ast.Constant]:
    """String constants that are no docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(module.tree)
        if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTION)) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def _functions(module: Module) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    """Every function with its length in lines, the docstring not counted."""
    for node in ast.walk(module.tree):
        if isinstance(node, FUNCTION):
            first = node.body[1] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body[0]
            yield node, (node.end_lineno or 0) - first.lineno + 1


def test_imports_go_only_to_lower_ranks() -> None:
    wrong = []
    for module in MODULES.values():
        for node, name in module.imports():
            part = name.partition(".")[2].partition(".")[0]
            if not name.startswith("actionsd.") or part == module.part:
                continue
            if _rank(part) >= _rank(module.part):
                wrong.append(f"{module.at(node)}: {module.part} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_nobody_imports_the_test_kit() -> None:
    wrong = [
        f"{module.at(node)}: {name}"
        for module in MODULES.values()
        for node, name in module.imports()
        if name.startswith("actionsd.testing") and module.part not in {"testing", "cli"}
    ]
    assert not wrong, "\n".join(wrong)


def _for_types_only(module: Module) -> set[int]:
    """The ids of the nodes under ``if TYPE_CHECKING:``."""
    return {
        id(inner)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }


def test_modules_do_not_load_each_other_in_circles() -> None:
    graph = {}
    for module in MODULES.values():
        unloaded = _for_types_only(module)
        loaded = {name for node, name in module.imports() if id(node) not in unloaded}
        graph[module.name] = {name for name in loaded if name in MODULES and name != module.name}
    for name, needs in graph.items():
        needs -= {package for package in needs if name.startswith(f"{package}.")}  # a parent is loaded anyway
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_c7_the_package_root_imports_nothing() -> None:
    assert list(MODULES["actionsd"].imports()) == []


def test_the_contract_imports_only_stdlib_msgspec_and_pluggy() -> None:
    wrong = [
        f"{module.at(node)}: {name}"
        for module in MODULES.values()
        if module.part == "sdk"
        for node, name in module.imports()
        if not {name, name.partition(".")[0]} & SDK_MAY_IMPORT and not name.startswith("actionsd.sdk.")
    ]
    assert not wrong, "\n".join(wrong)


def test_plugins_use_only_what_a_partner_has() -> None:
    wrong = [
        f"{module.at(node)}: {name}"
        for module in PLUGINS
        for node, name in module.imports()
        if name.startswith("actionsd.") and not name.startswith("actionsd.sdk")
    ]
    assert not wrong, "\n".join(wrong)


def test_actionsctl_reaches_the_daemon_only_through_its_socket() -> None:
    wrong = [
        f"{module.at(node)}: {name}"
        for module in MODULES.values()
        if module.part == "cli" and module.name != "actionsd.cli.daemon"
        for node, name in module.imports()
        if name.startswith("actionsd.") and name.split(".")[1] in INSIDE
    ]
    assert not wrong, "\n".join(wrong)


def test_pure_parts_have_no_clock_and_no_input_or_output() -> None:
    wrong = [
        f"{module.at(node)}: {name}"
        for module in MODULES.values()
        if module.part in PURE
        for node, name in module.imports()
        if name in IMPURE_MODULES
    ]
    assert not wrong, "\n".join(wrong)


def test_engines_have_no_async_def() -> None:
    wrong = [
        f"{module.at(node)}: {node.name}"
        for module in MODULES.values()
        if module.part in PURE - {"sdk"}
        for node in ast.walk(module.tree)
        if isinstance(node, ast.AsyncFunctionDef)
    ]
    assert not wrong, "\n".join(wrong)


def test_sql_stands_only_in_the_store() -> None:
    wrong = [
        f"{module.at(node)}: {str(node.value)[:60]!r}"
        for module in PRODUCT
        if module.part != "store"
        for node in _strings(module)
        if SQL.search(str(node.value))
    ]
    wrong += [
        f"{module.at(node)}: {name}"
        for module in PRODUCT
        if module.part != "store"
        for node, name in module.imports()
        if name.partition(".")[0] in {"sqlite3", "aiosqlite"}
    ]
    assert not wrong, "\n".join(wrong)


def test_modules_and_functions_fit_a_reader() -> None:
    lengths = sorted(length for module in PRODUCT for _, length in _functions(module))
    wrong = [f"{module.at(module.tree)}: {n} lines" for module in PRODUCT if (n := module.text.count("\n")) > 600]
    wrong += [
        f"{module.at(node)}: {node.name} has {length} lines"
        for module in PRODUCT
        for node, length in _functions(module)
        if length > 60
    ]
    assert not wrong, "\n".join(wrong)
    assert lengths[int(len(lengths) * 0.95)] <= 35, "the 95th percentile of function lengths is over 35 lines"


def _is_marked(line: str) -> bool:
    """Whether a line says that something is left to do."""
    return MARKER.search(line) is not None and CURRENCY_CODES.fullmatch(line) is None


def test_a_currency_among_others_is_no_marker() -> None:
    assert not _is_marked("XUA XXX YER")
    assert all(map(_is_marked, ["XXX", "# XXX YER", 'text = "XUA XXX YER"', "XUA XXX YER  # TODO"]))


def test_nothing_is_left_undone_or_swallowed() -> None:
    wrong = [
        f"{module.path.relative_to(ROOT)}:{number}: {line.strip()}"
        for module in PRODUCT
        for number, line in enumerate(module.text.splitlines(), 1)
        if _is_marked(line)
    ]
    wrong += [
        f"{module.at(node)}: swallows {ast.unparse(node.type) if node.type else 'everything'}"
        for module in PRODUCT
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
        and all(isinstance(statement, (ast.Pass, ast.Continue)) for statement in node.body)
    ]
    assert not wrong, "\n".join(wrong)


def test_tests_wait_for_conditions_and_never_sleep() -> None:
    """``sleep(0)`` lets other tasks run and is no waiting; a clock's ``sleep`` is the thing under test."""
    wrong = [
        f"{module.at(node)}: {ast.unparse(node)}"
        for module in TESTS
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and re.fullmatch(r"((asyncio(\.tasks)?|time|anyio|trio)\.)?sleep", ast.unparse(node.func))
        and [ast.unparse(argument) for argument in node.args] != ["0"]
    ]
    assert not wrong, "\n".join(wrong)


def test_every_test_can_fail() -> None:
    judge = re.compile(r"assert|raises|fail|check|expect|verify|until|wait_for")  # waits end in TimeoutError
    wrong = [
        f"{module.at(node)}: {node.name} asserts nothing"
        for module in TESTS
        for node in ast.walk(module.tree)
        if isinstance(node, FUNCTION) and node.name.startswith("test_") and not judge.search(ast.unparse(node))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("actionsd", {"asyncio", "msgspec", "aiohttp"}),
        ("actionsd.sdk", {"aiohttp", "anyio", "aiosqlite", "click", "liquid"}),
        ("actionsd.cli.ctl", {"aiohttp", "aiosqlite", "uvloop"}),
    ],
)
def test_importing_loads_only_what_is_used(module: str, unwanted: set[str]) -> None:
    """The import of aiohttp alone is four fifths of a start (DESIGN "What was measured")."""
    if module not in MODULES:
        pytest.skip(f"{module} is not there")
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & {unwanted!r}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []
