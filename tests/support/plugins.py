"""Plugins that only tests have, put where a daemon's Python finds them as installed packages."""

import shutil
from pathlib import Path


def install(folder: Path, name: str) -> None:
    """Install ``tests/support/<name>.py`` into ``folder``, which goes into PYTHONPATH."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[actionsd]\n{name} = {name}\n")
    shutil.copy(Path(__file__).parent / f"{name}.py", folder)
