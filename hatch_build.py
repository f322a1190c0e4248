"""Compiles the modules in C beside their sources while actionsd is being installed or built, where there is a compiler
with Python's headers. Without one their pure twins do the same in Python, slower."""

import os
import shlex
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = (Path("src/actionsd/sdk/_scan.c"), Path("src/actionsd/store/_bloom.c"))
FLAGS = ("-std=c99", "-O3", "-fPIC", "-fvisibility=hidden")
TIMEOUT = 120  # seconds


class Compiling(BuildHookInterface[Any]):
    """hatchling's hook: a wheel that holds compiled modules is for this platform, for Python 3.11 and later."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """See hatchling. ``version`` is "standard", or "editable", which uses the modules where they were compiled."""
        targets = {Path(self.root, source): Path(self.root, source).with_suffix(".abi3.so") for source in SOURCES}
        troubles = [trouble for source, target in targets.items() if (trouble := _compile(source, target))]
        if troubles:
            self.app.display_warning(f"nothing was compiled, which makes actionsd slower: {troubles[0]}")
            for target in targets.values():
                target.unlink(missing_ok=True)
        elif version == "standard":
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data |= {"pure_python": False, "tag": f"cp311-abi3-{platform}"}
            build_data["artifacts"] += [f"/{target.relative_to(self.root).as_posix()}" for target in targets.values()]


def _compile(source: Path, target: Path) -> str:
    """Why it could not be done, "" where it was. The file appears whole: a daemon may have the old one open."""
    link = shlex.split(os.environ.get("LDSHARED") or sysconfig.get_config_var("LDSHARED") or "")
    if os.name != "posix" or not link:
        return f"there is no known compiler for {sysconfig.get_platform()}"
    made = target.with_suffix(f".{os.getpid()}")
    command = [*link, *FLAGS, f"-I{sysconfig.get_path('include')}", str(source), "-o", str(made)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
        if done.returncode:
            return f"{shlex.join(command)}: {done.stderr.strip() or done.returncode}"
        made.replace(target)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    finally:
        made.unlink(missing_ok=True)
    return ""
