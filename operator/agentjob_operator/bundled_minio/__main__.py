"""`python -m agentjob_operator.bundled_minio --ready-file FILE`: makes what the operator needs in the chart's MinIO, and again when it is lost.

FILE is there from the first time on that all was made. Exit codes: 0 told to stop, 2 configuration.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from pydantic import ValidationError

from agentjob_operator import logs
from agentjob_operator.bundled_minio.keep import keep
from agentjob_operator.bundled_minio.settings import KeeperSettings
from agentjob_operator.bundled_minio.setup import Setup


def main() -> int:
    """Until SIGTERM."""
    parser = argparse.ArgumentParser(prog="bundled-minio", description=__doc__)
    parser.add_argument("--ready-file", type=Path, required=True, help="made when the store can be used")
    ready: Path = parser.parse_args().ready_file
    try:
        settings = KeeperSettings()
    except ValidationError as error:
        sys.stderr.write(f"bundled-minio: the configuration is not valid: {error}\n")
        return 2
    logs.configure("json", "INFO")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    keep(Setup(settings), stop, ready.touch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
