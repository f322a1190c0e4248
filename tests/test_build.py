"""What ``hatch_build.py`` makes of the project: wheels with the compiled scan, without it where no compiler is."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from actionsd.sdk import scan

ROOT = Path(__file__).parents[1]
COMPILED = {"actionsd/sdk/_scan.abi3.so", "actionsd/store/_bloom.abi3.so"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The files of which packages are built, where a build may leave others."""
    copy = tmp_path / "actionsd"
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "actionsd.toml"):
        shutil.copy(ROOT / name, copy)
    return copy


def built(project: Path, *options: str, **environment: str) -> tuple[list[Path], str]:
    """The packages in order of their names, and what was said."""
    command = [sys.executable, "-m", "build", "--no-isolation", *options, str(project)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted((project / "dist").iterdir()), done.stdout + done.stderr


@pytest.mark.skipif(not scan.COMPILED, reason="there is no C compiler")
def test_a_wheel_from_the_sdist_has_the_compiled_module_for_this_platform(project: Path) -> None:
    (wheel, sdist), _ = built(project)
    assert wheel.name.startswith("actionsd-0.1.0-cp311-abi3-")
    with zipfile.ZipFile(wheel) as files:
        assert set(files.namelist()) >= COMPILED
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"hatch_build.py", "src/actionsd/sdk/_scan.c", "src/actionsd/store/_bloom.c"} <= names
    assert not any(name.endswith(".so") for name in names)


@pytest.mark.parametrize("compiler", ["false", "/no/such/compiler -shared"])
def test_without_a_compiler_the_wheel_is_for_every_platform(project: Path, compiler: str) -> None:
    for module in COMPILED:
        (project / "src" / module).touch()  # outdated
    (wheel,), said = built(project, "--wheel", LDSHARED=compiler)
    assert "nothing was compiled, which makes actionsd slower" in said
    assert wheel.name == "actionsd-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as files:
        assert {"actionsd/sdk/purescan.py", "actionsd/store/purebloom.py"} <= set(files.namelist())
        assert not any(name.endswith(".so") for name in files.namelist())
    assert not [*project.glob("src/**/*.abi3.*")]
