"""Events in: authenticate the write key, decode and normalise the call, append it to the journal, then answer.

Read in the order in which an event flows: ``server`` (listeners), ``http`` and ``stream`` (what clients speak),
``body`` (bounded reading), ``intake`` (one call from bytes to the journal), which uses ``split`` (a body taken apart),
``keys`` (whose it is), ``validate`` (is it an event) and ``normalise`` (what the server adds). ``tokenserver`` gives
access tokens for ``assertions`` of clients, ``bearer`` makes and takes them.
"""

from actionsd.ingest.server import Ingest

__all__ = ["Ingest"]
