"""The running parts on a real store, with lanes and ingest that only remember what was applied to them."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock

from actionsd.catalog import Catalog, Plugin
from actionsd.operate.parts import Parts
from actionsd.sdk import Definition
from actionsd.settings import DestinationDecl, SourceDecl
from support.store import opened


@contextlib.asynccontextmanager
async def running(
    tmp_path: Path,
    *,
    sources: Sequence[SourceDecl] = (),
    destinations: Sequence[DestinationDecl] = (),
    definitions: Sequence[Definition[Any]] = (),
    catalog: Catalog | None = None,
    **options: Any,
) -> AsyncIterator[Parts]:
    """Parts whose file declares these sources and destinations; ``catalog`` or else ``definitions`` are installed."""
    async with opened(tmp_path, **options) as store:
        await store.workspace.declare(sources, destinations)
        unused, plugin = Mock(), Plugin("test", "test", "1", tuple(definitions))
        yield Parts(
            path=tmp_path / "actionsd.toml", settings=unused, catalog=catalog or Catalog([plugin]), clock=unused,
            tap=unused, store=store, lanes=Mock(applied=AsyncMock()), ingest=Mock(), deletions=Mock(),
            started_at=0, listeners={}, rates=unused, loop_delay=lambda: 0.0, flows=unused,
        )  # fmt: skip
