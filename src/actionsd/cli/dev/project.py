"""The folder of a plugin: what its pyproject.toml registers, and the files that a daemon loads."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from actionsd.cli.http import Failed

_group = "actionsd"
_metadata = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"


class Project(NamedTuple):
    """A plugin that need not be installed. ``modules`` maps the names of its entry points to modules; ``roots`` are the
    folders to import these from."""

    folder: Path
    name: str
    version: str
    modules: dict[str, str]
    roots: tuple[Path, ...]

    def files(self) -> Iterator[Path]:
        """What a change is looked for in: pyproject.toml, and everything in the plugin's modules but bytecode and what
        editors keep beside a file."""
        yield self.folder / "pyproject.toml"
        for module in self.modules.values():
            for place in _places(self.folder, module):
                yield from [place] if place.is_file() else _below(place)

    def environment(self, site: Path) -> dict[str, str]:
        """The variables of a Python that finds the plugin as if it were installed, before one that is. ``site`` is an
        empty folder for its metadata. No bytecode is written, which could hide the second change within a second."""
        info = site / f"{self.name.replace('-', '_')}-{self.version}.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        points = "".join(f"{name} = {module}\n" for name, module in self.modules.items())
        (info / "METADATA").write_text(_metadata.format(name=self.name, version=self.version))
        (info / "entry_points.txt").write_text(f"[{_group}]\n{points}")
        paths = [str(site), *map(str, self.roots), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}


def read(folder: Path) -> Project:
    """The plugin in a folder.

    Raises:
        Failed: it is none; the text says what is missing where.
    """
    path = folder / "pyproject.toml"
    try:
        project = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {})
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}; expected the folder of a plugin") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Failed(f"{path}: {error}") from None
    modules = _modules(path, project)
    roots = {place.parent for module in modules.values() for place in [_place(folder, module)]}
    version = str(project.get("version", "0"))
    return Project(folder, str(project.get("name", folder.name)), version, modules, tuple(sorted(roots)))


def _modules(path: Path, project: Mapping[str, Any]) -> dict[str, str]:
    points = project.get("entry-points", {}).get(_group)
    if not (points and isinstance(points, dict)):
        raise Failed(f'{path}: no [project.entry-points.{_group}], expected a line such as acme = "actionsd_acme"')
    return {str(name): str(module) for name, module in points.items()}


def _place(folder: Path, module: str) -> Path:
    """Where a module is: a package or a file, under ``src`` or beside pyproject.toml."""
    found = next(_places(folder, module), None)
    if found is None:
        top = module.partition(".")[0]
        raise Failed(f'{folder}: the entry point names the module "{top}", expected it in src/{top} or {top}')
    return found


def _places(folder: Path, module: str) -> Iterator[Path]:
    top = module.partition(".")[0]
    candidates = (folder / root / name for root in ("src", "") for name in (top, f"{top}.py"))
    return (place.resolve() for place in candidates if place.exists())


def _below(package: Path) -> Iterator[Path]:
    return (
        path
        for path in package.rglob("*")
        if not (path.name.startswith(".") or path.name.endswith("~") or "__pycache__" in path.parts) and path.is_file()
    )
