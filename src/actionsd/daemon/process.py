"""The daemon as a process: its event loop, its signals, its end."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

from actionsd.clock import SystemClock
from actionsd.daemon.daemon import Daemon
from actionsd.daemon.systemd import Notifier
from actionsd.errors import ActionsdError, StoreBroken
from actionsd.operate.parts import Parts

log = logging.getLogger(__name__)

_end_limit = 5.0  # seconds that a daemon with a broken store may take to answer and leave


def run(path: Path, announce: Callable[[Parts], None], *, dry_run: bool = False) -> None:
    """Serve until SIGTERM or SIGINT, then drain; a second signal exits at once, SIGHUP reloads (RULES R21, R32).

    ``announce`` is called once, when everything listens. In a ``dry_run`` nothing is sent.

    Raises:
        ConfigError: the config is wrong, a listener is taken, another daemon has the data directory.
        StoreBroken: the store cannot go on; recovery decides at the next start (RULES R5).
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(path, announce, dry_run))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:  # no wheel for this platform
        return asyncio.new_event_loop
    return uvloop.new_event_loop


async def _serve(path: Path, announce: Callable[[Parts], None], dry_run: bool) -> None:
    notifier = Notifier()
    ending: asyncio.Future[StoreBroken | None] = asyncio.get_running_loop().create_future()
    daemon = Daemon(path, SystemClock(), notifier.alive, partial(_end, ending), dry_run=dry_run)
    _on_signals(daemon, notifier, ending)
    await daemon.start()
    announce(daemon.parts)
    notifier.ready()
    daemon.load_unused()
    gc.freeze()  # what lives now lives to the end: collections need not look at it
    gc.set_threshold(20_000, 50, 50)  # decoded events are no cycles: looking through them again and again finds nothing
    gc.enable()  # `actionsd run` starts without
    broken = await ending
    notifier.stopping()
    if broken is not None:
        await _leave_broken(daemon, broken)
    log.info("stopping")
    await daemon.stop()
    log.info("stopped")


async def _leave_broken(daemon: Daemon, error: StoreBroken) -> None:
    """Let ingest answer 503 to those who wait, then go; nothing more can be committed."""
    log.critical("the store is broken, the daemon ends", extra={"error": str(error)})
    try:
        await asyncio.wait_for(daemon.stop(), _end_limit)
    except (ActionsdError, TimeoutError) as failure:
        log.warning("could not stop in order", extra={"error": str(failure)})
    raise error


def _end(ending: "asyncio.Future[StoreBroken | None]", error: StoreBroken | None = None) -> None:
    if not ending.done():
        ending.set_result(error)


def _on_signals(daemon: Daemon, notifier: Notifier, ending: "asyncio.Future[StoreBroken | None]") -> None:
    """Listen to signals until the process ends."""
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[None]] = set()

    def stop() -> None:
        if ending.done():
            log.warning("a second signal: leaving at once")
            os._exit(1)
        _end(ending)

    def reload() -> None:
        task = asyncio.create_task(_reload(daemon, notifier))
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGTERM, stop)
    loop.add_signal_handler(signal.SIGINT, stop)
    loop.add_signal_handler(signal.SIGHUP, reload)


async def _reload(daemon: Daemon, notifier: Notifier) -> None:
    notifier.reloading()
    try:
        await daemon.reload()
        log.info("reloaded the config")
    except ActionsdError as error:
        for problem in str(error).splitlines():
            log.error("the config stays as it was: %s", problem)
    notifier.ready()
