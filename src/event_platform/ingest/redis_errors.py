"""Classifies error replies of Redis: about the server, about its data, or about one call."""

import re
from typing import Final

RECONNECT_CODES: Final = frozenset(
    {
        # A replica, or a server that is being promoted or demoted.
        "READONLY",
        "MASTERDOWN",
        "NOMASTERLINK",
        "NOREPLICAS",
        "LOADING",
        "UNBLOCKED",
        # It cannot write to its disk.
        "MISCONF",
        # A cluster node.
        "CLUSTERDOWN",
        "CROSSSLOT",
        "MOVED",
        "ASK",
        "TRYAGAIN",
        # It does not accept our credentials, as the replacement of another server may not.
        "NOAUTH",
        "WRONGPASS",
        "DENIED",
        "REDIRECT",
    }
)
"""Codes that end the connection: the name may resolve to another server by now, which may be usable."""

DATA_LOST: Final = "DATALOST"
"""Code of ``admission.lua``; the epoch of the present data follows."""
NO_SCRIPT: Final = "NOSCRIPT"

_CODE: Final = re.compile(r"-?([A-Z][A-Z0-9]*)\b")
# Redis 6.2 wraps the error of a script: ERR Error running script (call to f_…): @user_script:7: @user_script: 7: -OOM …
_OLD_SCRIPT_ERROR: Final = re.compile(r"ERR Error (?:running|compiling) script.*?(?:@user_script: ?\d+: )+", re.DOTALL)
# Redis 7 appends the position in the script.
_SCRIPT_POSITION: Final = re.compile(r"\.? script: (?:[0-9a-f]+, )?on \S+\s*$")


def error_message(reply: object) -> str:
    """Return the text of ``reply`` without its position in a script, so that it is the same for every call."""
    text = _OLD_SCRIPT_ERROR.sub("", str(reply).strip()).removeprefix("-")
    return _SCRIPT_POSITION.sub("", text)


def error_code(reply: object) -> str:
    """Return the code that ``reply`` begins with, whether a script raised it or not; empty where it has none."""
    found = _CODE.match(error_message(reply))
    return found[1] if found else ""


def requires_reconnect(reply: object) -> bool:
    """Tell whether ``reply`` is about the server rather than about one call, and another server may be usable."""
    return error_code(reply) in RECONNECT_CODES or error_message(reply).startswith("ERR max number of clients")
