"""Error replies of Redis, as 6.2 and as later ones word them, are known by what they say of the server."""

import pytest

from event_platform.ingest import redis_errors

OLD = "ERR Error running script (call to f_3c638186d714eeeb5f806affc8a348eaafca35f2): "
PLACE = " script: 3c638186d714eeeb5f806affc8a348eaafca35f2, on @user_script:12."
READ_ONLY = "READONLY You can't write against a read only replica"


@pytest.mark.parametrize(
    "text",
    [
        f"{READ_ONLY}.",
        f"{READ_ONLY}.{PLACE}",
        f"{READ_ONLY} script: on @user_script:12.",
        f"{OLD}@user_script:12: @user_script: 12: -{READ_ONLY}. ",
        f"{OLD}@user_script:12: -{READ_ONLY}.\n",
        f"-{READ_ONLY}.",
    ],
)
def test_a_code_is_found_wherever_it_stands(text: str) -> None:
    """Alone, with its place in a script, and in the older wrapping; what it says is the same for all."""
    assert redis_errors.code(text) == "READONLY"
    assert redis_errors.reason(text).rstrip(".") == READ_ONLY
    assert redis_errors.ends_the_connection(text)


@pytest.mark.parametrize(
    "text",
    [
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "LOADING Redis is loading the dataset in memory",
        "NOREPLICAS Not enough good replicas to write.",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        "CLUSTERDOWN Hash slot not served",
        "CROSSSLOT Keys in request don't hash to the same slot",
        "MOVED 3999 127.0.0.1:6381",
        "ASK 3999 127.0.0.1:6381",
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
        "NOAUTH Authentication required.",
        "WRONGPASS invalid username-password pair or user is disabled.",
        "DENIED Redis is running in protected mode",
        "ERR max number of clients reached",
        "ERR max number of clients + cluster connections reached",
        f"{OLD}@user_script:60: @user_script: 60: -MISCONF Errors writing to the AOF file: No space left on device",
    ],
)
def test_a_server_of_no_use_ends_the_connection(text: str) -> None:
    """Another one may be where its name leads by then."""
    assert redis_errors.ends_the_connection(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("OOM command not allowed when used memory > 'maxmemory'.", "OOM"),
        (f"{OLD}@user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.", "OOM"),
        ("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", "BUSY"),
        ("UNKILLABLE Sorry the script already executed write commands", "UNKILLABLE"),
        ("NOPERM this user has no permissions to run the 'evalsha' command", "NOPERM"),
        ("NOSCRIPT No matching script. Please use EVAL.", "NOSCRIPT"),
        ("DATALOST 1.2", "DATALOST"),
        (f"WRONGTYPE Operation against a key holding the wrong kind of value{PLACE}", "WRONGTYPE"),
        ("ERR ACL failure in script: User u has no permissions to run the 'set' command", "ERR"),
        ("ERR unknown command 'READONLY'", "ERR"),
        ("connection closed", ""),
        ("", ""),
    ],
)
def test_what_concerns_the_call_or_a_moment_keeps_it(text: str, code: str) -> None:
    """A full or busy server is the same one when it is asked anew."""
    assert redis_errors.code(text) == code
    assert not redis_errors.ends_the_connection(text)


def test_what_is_said_of_a_script_is_not_cut() -> None:
    """Only the place is left out."""
    text = "ERR ACL failure in script: User u has no permissions to run the 'set' command"
    assert redis_errors.reason(text + " script: on @user_script:1.") == text
