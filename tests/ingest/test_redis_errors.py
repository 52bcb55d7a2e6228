"""Classification of Redis error replies, in the wording of 6.2 and of later versions."""

import pytest

from event_platform.ingest import redis_errors

OLD = "ERR Error running script (call to f_3c638186d714eeeb5f806affc8a348eaafca35f2): "
POSITION = " script: 3c638186d714eeeb5f806affc8a348eaafca35f2, on @user_script:12."
READ_ONLY = "READONLY You can't write against a read only replica"


@pytest.mark.parametrize(
    "text",
    [
        f"{READ_ONLY}.",
        f"{READ_ONLY}.{POSITION}",
        f"{READ_ONLY} script: on @user_script:12.",
        f"{OLD}@user_script:12: @user_script: 12: -{READ_ONLY}. ",
        f"{OLD}@user_script:12: -{READ_ONLY}.\n",
        f"-{READ_ONLY}.",
    ],
)
def test_code_is_found_in_any_wrapping(text: str) -> None:
    """A code is found alone, with a position in a script and in the older wrapping; the message is the same for all."""
    assert redis_errors.error_code(text) == "READONLY"
    assert redis_errors.error_message(text).rstrip(".") == READ_ONLY
    assert redis_errors.requires_reconnect(text)


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
def test_unusable_server_requires_reconnect(text: str) -> None:
    """Errors of an unusable server require a reconnect, because its name may resolve to another one by now."""
    assert redis_errors.requires_reconnect(text)


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
        (f"WRONGTYPE Operation against a key holding the wrong kind of value{POSITION}", "WRONGTYPE"),
        ("ERR ACL failure in script: User u has no permissions to run the 'set' command", "ERR"),
        ("ERR unknown command 'READONLY'", "ERR"),
        ("connection closed", ""),
        ("", ""),
    ],
)
def test_error_of_a_call_keeps_the_connection(text: str, code: str) -> None:
    """Errors of a full or busy server, or of one call, do not: a reconnect would lead to the same server."""
    assert redis_errors.error_code(text) == code
    assert not redis_errors.requires_reconnect(text)


def test_message_about_a_script_is_not_cut() -> None:
    """Only the position is removed, not text that looks like one."""
    text = "ERR ACL failure in script: User u has no permissions to run the 'set' command"
    assert redis_errors.error_message(text + " script: on @user_script:1.") == text
