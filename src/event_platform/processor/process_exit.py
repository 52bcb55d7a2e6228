"""The end of a process whose threads are not all ended."""

import os
import sys
from typing import NoReturn


def leave() -> NoReturn:
    """End the process with status 0 when all is closed, but without taking the interpreter down.

    A thread of librdkafka's that calls back into Python after that is a SIGSEGV (in ``PyThreadState_New``): an
    administrative request may still be on its way when the processor ends.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
