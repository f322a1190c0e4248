"""A new plugin's package, made of the templates beside this file."""

import re
from importlib.metadata import entry_points, version
from importlib.resources import files
from pathlib import Path
from string import Template

from actionsd.cli.client import Usage
from actionsd.cli.http import Failed
from actionsd.sdk.hooks import ENTRY_POINTS

longest = 40  # characters of a name, so that no generated line gets too long
_name = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_files = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    ".gitignore": "gitignore",
    ".github/workflows/check.yml": "workflow.yml",
    "src/%{module}/__init__.py": "plugin.py",
    "src/%{module}/py.typed": "",
    "tests/test_%{module}.py": "tests.py",
}


class _Filled(Template):
    delimiter = "%"  # "$" and "{{" belong to what is filled


def package_of(name: str) -> str:
    """The package that a plugin called ``name`` lives in.

    >>> package_of("acme-mail")
    'actionsd-acme-mail'
    """
    return f"actionsd-{name}"


def create(name: str, folder: Path) -> list[Path]:
    """Write the package of a new destination with the slug ``name`` into ``folder``; returns the files, in order.

    Raises:
        Usage: the name is none for a slug, or an installed plugin has it.
        Failed: one of the files is there already (then nothing is written), or the folder cannot be written to.
    """
    _check(name)
    words = _words(name)
    texts = {folder / _fill(path, words): _text(template, words) for path, template in _files.items()}
    for path in texts:
        if path.exists():
            raise Failed(f"{path} is there already; nothing was written")
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise Failed(f"cannot write {error.filename}: {error.strerror}") from None
    return list(texts)


def _check(name: str) -> None:
    if name.startswith("actionsd-"):
        bare = name.removeprefix("actionsd-")
        raise Usage(f'NAME: the package will be called "{package_of(bare)}"; say only "{bare}"')
    if len(name) > longest or not _name.fullmatch(name):
        expected = f"lower-case letters, digits and single hyphens, a letter first, at most {longest} characters"
        raise Usage(f'NAME: expected {expected}, such as "acme-mail"; got "{name}"')
    for point in entry_points(group=ENTRY_POINTS, name=name):
        owner = point.dist.name if point.dist else point.module
        raise Usage(f'NAME: "{name}" is taken by {owner}, which is installed; two plugins cannot have one slug')


def _words(name: str) -> dict[str, str]:
    parts = name.split("-")
    module = package_of(name).replace("-", "_")
    return {
        "slug": name,
        "package": package_of(name),
        "module": module,
        "title": " ".join(part.capitalize() for part in parts),
        "prefix": "".join(part.capitalize() for part in parts),
        "variable": name.replace("-", "_").upper(),
        "version": version("actionsd"),
    }


def _text(template: str, words: dict[str, str]) -> str:
    if not template:
        return ""
    return _fill((files(__name__) / f"{template}.txt").read_text(encoding="utf-8"), words)


def _fill(text: str, words: dict[str, str]) -> str:
    return _Filled(text).substitute(words)
