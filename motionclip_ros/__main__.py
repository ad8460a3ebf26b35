"""The door of the `motionclip` command, so small that Ctrl-C finds it open at once."""

import os
import signal


def main() -> None:
    """Run the command line."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Nothing is begun while modules are loaded, so nothing has to be cleared up.
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(128 + number))
    from motionclip_ros.cli import main as run

    run()


if __name__ == '__main__':
    main()
