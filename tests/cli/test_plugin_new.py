"""``actionsctl plugin new``: what it writes passes its own checks, and nothing is written over."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from actionsd.cli.ctl import ctl

BIN = Path(sys.executable).parent
CHECKS = (["pytest", "-q", "-p", "no:cacheprovider"], ["mypy"], ["ruff", "check"], ["ruff", "format", "--check"])
LONGEST = "a-partners-destination-with-a-long-name1"  # as long as a name may be


def new(*arguments: str | Path) -> Result:
    return CliRunner().invoke(ctl, ["plugin", "new", *map(str, arguments)])


def test_what_is_generated_passes_its_tests_and_checks(tmp_path: Path) -> None:
    for name in ("acme", LONGEST):
        folder = tmp_path / name
        made = new(name, "--dir", folder)
        assert made.exit_code == 0, made.output
        for command in CHECKS:
            if not (BIN / command[0]).exists():
                pytest.skip(f"no {command[0]}")
            done = subprocess.run([BIN / command[0], *command[1:]], cwd=folder, capture_output=True, text=True)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_the_package_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = new("acme-mail")
    folder = tmp_path / "actionsd-acme-mail"
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert written == {
        "pyproject.toml", "README.md", ".gitignore", ".github/workflows/check.yml",
        "src/actionsd_acme_mail/__init__.py", "src/actionsd_acme_mail/py.typed", "tests/test_actionsd_acme_mail.py",
    }  # fmt: skip
    assert all(f"wrote actionsd-acme-mail/{path}" in made.output for path in written)
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["entry-points"] == {"actionsd": {"acme-mail": "actionsd_acme_mail"}}
    assert project["dependencies"] == ["actionsd>=0.1.0"]
    assert "license" not in project
    assert "${{ matrix.python }}" in (folder / ".github/workflows/check.yml").read_text()


def test_nothing_is_written_over(tmp_path: Path) -> None:
    ours = tmp_path / "src/actionsd_acme/__init__.py"
    ours.parent.mkdir(parents=True)
    ours.write_text("ours")
    refused = new("acme", "--dir", tmp_path)
    assert (refused.exit_code, refused.output) == (1, f"Error: {ours} is there already; nothing was written\n")
    assert ours.read_text() == "ours"
    assert not (tmp_path / "pyproject.toml").exists()


def test_a_folder_with_other_files_is_welcome(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("ours")
    assert new("acme", "--dir", tmp_path).exit_code == 0
    assert (tmp_path / "LICENSE").read_text() == "ours"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Acme", "expected lower-case letters, digits and single hyphens, a letter first, at most 40 characters, "
         'such as "acme-mail"; got "Acme"'),
        ("4ever", 'got "4ever"'), ("a--b", 'got "a--b"'), ("acme-", 'got "acme-"'), ("../acme", 'got "../acme"'),
        ("acmé", 'got "acmé"'), (LONGEST + "x", "at most 40 characters"), ("", 'got ""'),
        ("actionsd-acme", 'the package will be called "actionsd-acme"; say only "acme"'),
        ("slack", '"slack" is taken by actionsd-slack, which is installed'),
    ],
)  # fmt: skip
def test_a_bad_name_is_refused_with_what_was_expected(tmp_path: Path, name: str, said: str) -> None:
    refused = new(name, "--dir", tmp_path / "made")
    assert refused.exit_code == 2
    assert refused.output.startswith("Error: NAME: ")
    assert said in refused.output
    assert not (tmp_path / "made").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = new("acme", "--dir", tmp_path / "file" / "made")
    assert refused.exit_code == 1
    assert "Not a directory" in refused.output
    assert str(tmp_path / "file") in refused.output
