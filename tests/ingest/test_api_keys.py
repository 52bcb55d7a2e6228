"""API keys in a file, several of one tenant, and limits: read again on SIGHUP."""

import os
import signal
from pathlib import Path

import psutil
import pytest
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.ingest_client import MakeProducer, Producer, new_key
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import eventually

from event_platform.core import sighup


def statuses(producers: list[Producer]) -> list[int]:
    """What each producer is answered now."""
    return [producer.post(new_key(), {}).status_code for producer in producers]


def hang_up_on(service: Service, message: str, workers: int = 1) -> None:
    """SIGHUP, and wait until each of its processes has said ``message`` once more."""
    before = service.log().count(message)
    service.process.send_signal(signal.SIGHUP)
    eventually(lambda: service.log().count(message) == before + workers, "each process to have read them")


@pytest.mark.parametrize("workers", [1, 2])
def test_rotation(run_service: RunService, producer_of: MakeProducer, tmp_path: Path, workers: int) -> None:
    """A tenant's new key counts beside the old one until that is taken away, without a restart."""
    file = tmp_path / "keys"
    file.write_text("# of the shop\nshop:key_old\n\nbank : key_bank\n")
    service = run_service("ingest", "--workers", str(workers), API_KEYS_FILE=file)
    eventually(lambda: service.log().count("accepting events") == workers, "all workers to accept")
    old, new, bank = (producer_of(service, key) for key in ("key_old", "key_new", "key_bank"))
    key = new_key()
    first = old.post(key).json()
    assert statuses([old, new, bank]) == [202, 401, 202]
    file.write_text("shop:key_old\nshop:key_new\nbank:key_bank\n")
    hang_up_on(service, "API keys were read again", workers)
    assert new.post(key).json() == first | {"duplicate": True}
    file.write_text("shop:key_new\nbank:key_bank\n")
    hang_up_on(service, "API keys were read again", workers)
    assert statuses([old, new, bank]) == [401, 202, 202]


@pytest.mark.parametrize("workers", [1, 2])
def test_signal_while_starting(
    run_service: RunService, producer_of: MakeProducer, tmp_path: Path, workers: int
) -> None:
    """SIGHUP ends nothing that is only starting: it is followed as soon as it can be."""
    file = tmp_path / "keys"
    file.write_text("shop:key_good\n")
    # Where the tests run under nohup it is ignored, and the service would inherit that.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    service = run_service("ingest", "--workers", str(workers), wait_until_ready=False, API_KEYS_FILE=file)
    signal.signal(signal.SIGHUP, before)

    def is_hung_up_on() -> bool:
        service.process.send_signal(signal.SIGHUP)
        return service.log().count("accepting events") == workers

    eventually(lambda: "listening" in service.log(), "the port")
    eventually(is_hung_up_on, "all workers to accept")
    eventually(lambda: service.log().count("API keys were read again") >= workers, "the signal to be followed")
    service.wait_until_ready()
    assert statuses([producer_of(service, "key_good")]) == [202]
    assert "a worker died" not in service.log()


def test_keys_that_can_be_guessed_are_not_taken_over(
    run_service: RunService, producer_of: MakeProducer, tmp_path: Path, expect_errors: ExpectErrors
) -> None:
    """Beyond loopback a short key or one of the documentation in the file read again leaves the old ones in force."""
    file = tmp_path / "keys"
    file.write_text("\ufeffshop:0123456789abcdef\n", "utf-8")
    everywhere = "0.0.0.0"  # noqa: S104 - strangers are the point of the test
    service = run_service("ingest", INGEST_HOST=everywhere, API_KEYS_FILE=file)
    good = producer_of(service, "0123456789abcdef")
    expect_errors("API keys were not read again")
    for weak in ("shop:key_a\n", "shop:0123456789abcdef\nbank:hunter2\n"):
        file.write_text(weak)
        hang_up_on(service, "API keys were not read again")
        assert statuses([good, producer_of(service, weak.strip().rpartition(":")[2])]) == [202, 401]
    assert "the API key of bank is shorter than 16 characters" in service.log()
    assert "hunter2" not in service.log()


IMPORTED = """
import os, signal, sys
os.kill(os.getpid(), signal.SIGHUP)
sys.path.remove(os.path.dirname(__file__))
del sys.modules["click"]
import click
"""


def test_signal_while_importing(run_service: RunService, producer_of: MakeProducer, tmp_path: Path) -> None:
    """Not even what comes while the first library is imported."""
    (tmp_path / "click.py").write_text(IMPORTED)
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    search = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    service = run_service("ingest", PYTHONPATH=search)
    signal.signal(signal.SIGHUP, before)
    eventually(lambda: "API keys were read again" in service.log(), "the signal to be followed")
    assert statuses([producer_of(service, "key_a")]) == [202]


@pytest.mark.parametrize("workers", [1, 2])
def test_signal_from_the_first_moment(run_service: RunService, producer_of: MakeProducer, workers: int) -> None:
    """Whoever starts it as the supervisor does may send SIGHUP at any time: it comes up, and has read all again."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with sighup.blocked():
        service = run_service("ingest", "--workers", str(workers), wait_until_ready=False)
    signal.signal(signal.SIGHUP, before)

    def is_up() -> bool:
        service.process.send_signal(signal.SIGHUP)
        return service.log().count("accepting events") == workers

    eventually(is_up, "all workers to accept")
    service.wait_until_ready()
    eventually(lambda: service.log().count("API keys were read again") >= workers, "the signal to be followed")
    assert statuses([producer_of(service, "key_a")]) == [202]
    assert "a worker died" not in service.log()


@pytest.mark.parametrize("workers", [1, 2])
def test_limits(run_service: RunService, producer_of: MakeProducer, expect_errors: ExpectErrors, workers: int) -> None:
    """A limit that was raised counts at once, though the tenant was just refused; a broken file changes nothing."""
    service = run_service(
        "ingest", "--workers", str(workers), API_KEYS=f"shop{workers}:key_shop,bank{workers}:key_bank"
    )
    eventually(lambda: service.log().count("accepting events") == workers, "all workers to accept")
    file = service.log_path.parent / ".env"
    shop, bank = producer_of(service, "key_shop"), producer_of(service, "key_bank")
    file.write_text(f"RATE_LIMITS=shop{workers}:2\nRATE_LIMIT_PER_MIN=3\n")
    hang_up_on(service, "API keys were read again", workers)
    assert statuses([shop] * 4 + [bank] * 4) == [202, 202, 429, 429, 202, 202, 202, 429]
    expect_errors("API keys were not read again")
    file.write_text(f"RATE_LIMITS=shop{workers}:many\n")
    hang_up_on(service, "API keys were not read again", workers)
    assert f"RATE_LIMITS=shop{workers}:many: " in service.log()
    assert statuses([shop, bank]) == [429, 429]
    file.write_text(f"RATE_LIMITS=shop{workers}:1000\n")
    hang_up_on(service, "API keys were read again", workers)
    assert statuses([shop, bank]) == [202, 202]


def test_limits_of_a_worker_that_comes_later(run_service: RunService, producer_of: MakeProducer) -> None:
    """What takes the place of a process that died knows the limits that were read since the start."""
    service = run_service("ingest", "--workers", "2", API_KEYS="later:key_shop", RATE_LIMIT_PER_MIN=1_000_000)
    eventually(lambda: service.log().count("accepting events") == 2, "all workers to accept")
    (service.log_path.parent / ".env").write_text("RATE_LIMITS=later:1\n")
    hang_up_on(service, "API keys were read again", 2)
    workers = [each for each in psutil.Process(service.pid).children() if "spawn_main" in " ".join(each.cmdline())]
    for worker in workers:
        worker.kill()
    eventually(lambda: service.log().count("accepting events") == 4, "other workers to accept")
    service.wait_until_ready()
    assert sorted(statuses([producer_of(service, "key_shop")] * 10)) == [202] + [429] * 9


def test_broken_file(
    run_service: RunService, producer_of: MakeProducer, tmp_path: Path, expect_errors: ExpectErrors
) -> None:
    """A file that cannot be read as keys changes nothing, and the log says what is wrong without any key."""
    file = tmp_path / "keys"
    file.write_text("shop:key_good\n")
    service = run_service("ingest", API_KEYS_FILE=file)
    good = producer_of(service, "key_good")
    expect_errors("API keys were not read again")
    for broken in (b"shop:key_good\nno colon: a secret\n", b"", b"a:same\nb:same\n", b"\xff\xfe:key_good\n"):
        file.write_bytes(broken)
        hang_up_on(service, "API keys were not read again")
        assert statuses([good]) == [202]
    file.unlink()
    hang_up_on(service, "API keys were not read again")
    assert statuses([good]) == [202]
    assert "line 2: expected tenant:key" in service.log()
    assert "secret" not in service.log()
    assert "key_good" not in service.log()
