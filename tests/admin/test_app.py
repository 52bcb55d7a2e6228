"""The process of the admin API: how it starts, and how it ends."""

import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any
