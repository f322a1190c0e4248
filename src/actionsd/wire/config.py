"""Config as code: files in, what they would change out."""

from actionsd.wire.base import Wire
from actionsd.wire.workspace import FieldChange


class ConfigFiles(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """TOML texts by file name. ``prune``: what no file has is removed. ``version`` of a plan: refuse to apply when
    something was changed since; None applies what the files say now."""

    files: dict[str, str]
    prune: bool = False
    version: int | None = None


class PlanItem(Wire, frozen=True, kw_only=True):
    """One object that would change: ``verb`` is add, change or remove; secrets are masked."""

    verb: str
    kind: str
    name: str
    changed: list[FieldChange]


class ConfigPlan(Wire, frozen=True, kw_only=True):
    """What files would change, or have changed. ``extra`` names what no file has and ``prune`` would remove."""

    version: int
    items: list[PlanItem]
    extra: list[str]


class ConfigExport(Wire, frozen=True, kw_only=True):
    """Everything that is configured here as TOML texts by file name; ``needs`` are the environment variables that stand
    in for secrets."""

    files: dict[str, str]
    needs: list[str]
