"""What an error reply of Redis says: of the server, of its data, or of our call."""

import re
from typing import Final

OF_THE_SERVER: Final = frozenset(
    {
        # A replica, or one that is being made a primary, or is about to be one no more.
        "READONLY",
        "MASTERDOWN",
        "NOMASTERLINK",
        "NOREPLICAS",
        "LOADING",
        "UNBLOCKED",
        # It cannot write to its disk.
        "MISCONF",
        # Of a cluster.
        "CLUSTERDOWN",
        "CROSSSLOT",
        "MOVED",
        "ASK",
        "TRYAGAIN",
        # It does not know us, as one that has taken another's place may not.
        "NOAUTH",
        "WRONGPASS",
        "DENIED",
        "REDIRECT",
    }
)
"""Codes that end the connection: another server, which the same name leads to by then, may be the right one."""

OF_A_CLUSTER: Final = frozenset({"CLUSTERDOWN", "CROSSSLOT", "MOVED", "ASK", "TRYAGAIN"})

DATA_LOST: Final = "DATALOST"
"""Of ``admission.lua``: followed by the epoch of the data that are there."""
NO_SCRIPT: Final = "NOSCRIPT"

_CODE: Final = re.compile(r"-?([A-Z][A-Z0-9]*)\b")
# Redis 6.2 wraps what stopped a script: ERR Error running script (call to f_…): @user_script:7: @user_script: 7: -OOM …
_OLD_SCRIPT_ERROR: Final = re.compile(r"ERR Error (?:running|compiling) script.*?(?:@user_script: ?\d+: )+", re.DOTALL)
# Redis 7 says behind it where it was.
_PLACE_IN_SCRIPT: Final = re.compile(r"\.? script: (?:[0-9a-f]+, )?on \S+\s*$")


def reason(reply: object) -> str:
    """What ``reply`` says, without where in a script it was said: the same for every call that meets it."""
    text = _OLD_SCRIPT_ERROR.sub("", str(reply).strip()).removeprefix("-")
    return _PLACE_IN_SCRIPT.sub("", text)


def code(reply: object) -> str:
    """The code that ``reply`` begins with, also where it stopped a script; empty where it has none."""
    found = _CODE.match(reason(reply))
    return found[1] if found else ""


def ends_the_connection(reply: object) -> bool:
    """Whether ``reply`` says of the server, rather than of our call, that it is none to stay with."""
    return code(reply) in OF_THE_SERVER or reason(reply).startswith("ERR max number of clients")
