"""What ``hatch_build.py`` makes of the project: wheels with the modules in C, without them where no compiler is; and
that these modules touch no memory but their own, whatever bytes they are given."""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from actionsd.sdk import scan

ROOT = Path(__file__).parents[1]
COMPILED = {"actionsd/sdk/_scan.abi3.so", "actionsd/store/_bloom.abi3.so"}
WATCHED = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", "-O1", "-fPIC",
           "-fsanitize=address,undefined", "-fno-sanitize-recover=all")  # fmt: skip
TESTS = ("tests/sdk/test_scan.py", "tests/store/test_bloom.py")
RUN = """
import importlib.util, sys, pytest
for path in sys.argv[1:3]:
    spec = importlib.util.spec_from_file_location(path.split("/")[-1].removesuffix(".so"), path)
    sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[spec.name])
failed = pytest.main(["-x", "-s", "-p", "no:cacheprovider", *sys.argv[3:]])
from actionsd.sdk.scan import is_plain
from actionsd.store.bloom import add
assert [is_plain.__self__.__file__, add.__self__.__file__] == sys.argv[1:3]
sys.exit(failed)
"""


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


needs_compiler = pytest.mark.skipif(not scan.COMPILED, reason="there is no C compiler")


@needs_compiler
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


@needs_compiler
def test_the_modules_in_c_touch_no_memory_but_their_own(tmp_path: Path) -> None:
    compiler = shlex.split(sysconfig.get_config_var("LDSHARED"))
    asked = subprocess.run([compiler[0], "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    sanitizer = Path(asked.stdout.strip())
    if not sanitizer.is_absolute():
        pytest.skip("the compiler has no address sanitizer")
    modules = []
    for module in sorted(COMPILED):
        source = ROOT / "src" / module.replace(".abi3.so", ".c")
        modules.append(str(tmp_path / f"{module.removesuffix('.abi3.so').replace('/', '.')}.so"))
        headers = f"-I{sysconfig.get_path('include')}"
        subprocess.run([*compiler, *WATCHED, headers, str(source), "-o", modules[-1]], check=True)
    environment = {"LD_PRELOAD": str(sanitizer), "ASAN_OPTIONS": "detect_leaks=0", "PYTHONMALLOC": "malloc"}
    command = [sys.executable, "-c", RUN, *modules, *(str(ROOT / test) for test in TESTS)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=os.environ | environment)
    assert done.returncode == 0, done.stdout + done.stderr
