"""The daemon of ``plugin dev`` as a program. It stops when its stdin ends, which the command holds open: so it outlives
not even a command that was killed."""

import os
import signal
import threading

from actionsd.cli import daemon


def main() -> None:
    """``actionsd`` until stdin ends."""
    threading.Thread(target=_end_with_stdin, name="stdin", daemon=True).start()
    daemon.main()


def _end_with_stdin() -> None:
    while os.read(0, 4096):  # not sys.stdin: whoever waits in it at the end of the process makes that fail
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
