"""Node packages for tests and benches, installed once into ``build/node``, outside of what is committed."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

CACHE = Path(__file__).parents[2] / "build" / "node"


def modules(package: Path) -> Path | None:
    """The ``node_modules`` of a ``package.json``, installed when it is missing or the file has changed.

    None where node or npm is missing, or the registry cannot be reached.
    """
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    folder = CACHE / package.parent.name
    if not _same(folder / "package.json", package):
        CACHE.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=CACHE))
        shutil.copy(package, fresh)
        install = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        if subprocess.run(install, cwd=fresh, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            shutil.rmtree(fresh)
            return None
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(fresh, folder)
    return folder / "node_modules"


def _same(one: Path, other: Path) -> bool:
    return one.exists() and one.read_bytes() == other.read_bytes()
