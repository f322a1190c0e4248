"""The SQLite store: journal, ledger and workspace in one file, and the only SQL of the project.

One thread writes (``writer``); everything else reads. The modules follow an event: ``journal`` takes it in, ``dedup``
tells whether it was there before, ``ledger`` keeps what became of it, ``retention`` removes it.
"""

from actionsd.store.options import StoreOptions
from actionsd.store.store import Store

__all__ = ["Store", "StoreOptions"]
