"""API keys and rate limits, which SIGHUP reloads."""

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
    """Post with each producer; return the statuses."""
    return [producer.post(new_key(), {}).status_code for producer in producers]


def reload_keys(service: Service, message: str, workers: int = 1) -> None:
    """Send SIGHUP, and wait until each process has logged ``message`` once more."""
    before = service.log().count(message)
    service.process.send_signal(signal.SIGHUP)
    eventually(lambda: service.log().count(message) == before + workers, "each process to reload")


@pytest.mark.parametrize("workers", [1, 2])
def test_rotation(run_service: RunService, producer_of: MakeProducer, tmp_path: Path, workers: int) -> None:
    """A tenant's new key is valid beside the old one until that is removed, without a restart."""
    file = tmp_path / "keys"
    file.write_text("# of the shop\nshop:key_old\n\nbank : key_bank\n")
    service = run_service("ingest", "--workers", str(workers), API_KEYS_FILE=file)
    eventually(lambda: service.log().count("accepting events") == workers, "all workers to accept")
    old, new, bank = (producer_of(service, key) for key in ("key_old", "key_new", "key_bank"))
    key = new_key()
    first = old.post(key).json()
    assert statuses([old, new, bank]) == [202, 401, 202]
    file.write_text("shop:key_old\nshop:key_new\nbank:key_bank\n")
    reload_keys(service, "API keys reloaded", workers)
    assert new.post(key).json() == first | {"duplicate": True}
    file.write_text("shop:key_new\nbank:key_bank\n")
    reload_keys(service, "API keys reloaded", workers)
    assert statuses([old, new, bank]) == [401, 202, 202]


@pytest.mark.parametrize("workers", [1, 2])
def test_sighup_while_starting(
    run_service: RunService, producer_of: MakeProducer, tmp_path: Path, workers: int
) -> None:
    """SIGHUP does not end a service that is starting; it is handled as soon as possible."""
    file = tmp_path / "keys"
    file.write_text("shop:key_good\n")
    # The service would inherit an ignored signal from tests that run under nohup.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    service = run_service("ingest", "--workers", str(workers), wait_until_ready=False, API_KEYS_FILE=file)
    signal.signal(signal.SIGHUP, before)

    def is_accepting() -> bool:
        service.process.send_signal(signal.SIGHUP)
        return service.log().count("accepting events") == workers

    eventually(lambda: "listening" in service.log(), "the port")
    eventually(is_accepting, "all workers to accept")
    eventually(lambda: service.log().count("API keys reloaded") >= workers, "the reload")
    service.wait_until_ready()
    assert statuses([producer_of(service, "key_good")]) == [202]
    assert "worker exited" not in service.log()


def test_weak_keys_are_not_reloaded(
    run_service: RunService, producer_of: MakeProducer, tmp_path: Path, expect_errors: ExpectErrors
) -> None:
    """Beyond loopback a weak key in the reloaded file leaves the old keys in force."""
    file = tmp_path / "keys"
    file.write_text("\ufeffshop:0123456789abcdef\n", "utf-8")
    everywhere = "0.0.0.0"  # noqa: S104 - a bind beyond loopback is the point of the test
    service = run_service("ingest", INGEST_HOST=everywhere, API_KEYS_FILE=file)
    good = producer_of(service, "0123456789abcdef")
    expect_errors("API keys not reloaded")
    for weak in ("shop:key_a\n", "shop:0123456789abcdef\nbank:hunter2\n"):
        file.write_text(weak)
        reload_keys(service, "API keys not reloaded")
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


def test_sighup_while_importing(run_service: RunService, producer_of: MakeProducer, tmp_path: Path) -> None:
    """SIGHUP does not end the service while it imports its first library."""
    (tmp_path / "click.py").write_text(IMPORTED)
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    search = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    service = run_service("ingest", PYTHONPATH=search)
    signal.signal(signal.SIGHUP, before)
    eventually(lambda: "API keys reloaded" in service.log(), "the reload")
    assert statuses([producer_of(service, "key_a")]) == [202]


@pytest.mark.parametrize("workers", [1, 2])
def test_sighup_from_the_start(run_service: RunService, producer_of: MakeProducer, workers: int) -> None:
    """A parent that blocks SIGHUP as the supervisor does may send it at any time; the service starts and reloads."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with sighup.blocked():
        service = run_service("ingest", "--workers", str(workers), wait_until_ready=False)
    signal.signal(signal.SIGHUP, before)

    def is_accepting() -> bool:
        service.process.send_signal(signal.SIGHUP)
        return service.log().count("accepting events") == workers

    eventually(is_accepting, "all workers to accept")
    service.wait_until_ready()
    eventually(lambda: service.log().count("API keys reloaded") >= workers, "the reload")
    assert statuses([producer_of(service, "key_a")]) == [202]
    assert "worker exited" not in service.log()


@pytest.mark.parametrize("workers", [1, 2])
def test_reloaded_limits(
    run_service: RunService, producer_of: MakeProducer, expect_errors: ExpectErrors, workers: int
) -> None:
    """A raised limit applies at once, even to a tenant just limited; a broken file changes nothing."""
    service = run_service(
        "ingest", "--workers", str(workers), API_KEYS=f"shop{workers}:key_shop,bank{workers}:key_bank"
    )
    eventually(lambda: service.log().count("accepting events") == workers, "all workers to accept")
    file = service.log_path.parent / ".env"
    shop, bank = producer_of(service, "key_shop"), producer_of(service, "key_bank")
    file.write_text(f"RATE_LIMITS=shop{workers}:2\nRATE_LIMIT_PER_MIN=3\n")
    reload_keys(service, "API keys reloaded", workers)
    assert statuses([shop] * 4 + [bank] * 4) == [202, 202, 429, 429, 202, 202, 202, 429]
    expect_errors("API keys not reloaded")
    file.write_text(f"RATE_LIMITS=shop{workers}:many\n")
    reload_keys(service, "API keys not reloaded", workers)
    assert f"RATE_LIMITS=shop{workers}:many: " in service.log()
    assert statuses([shop, bank]) == [429, 429]
    file.write_text(f"RATE_LIMITS=shop{workers}:1000\n")
    reload_keys(service, "API keys reloaded", workers)
    assert statuses([shop, bank]) == [202, 202]


def test_limits_of_a_restarted_worker(run_service: RunService, producer_of: MakeProducer) -> None:
    """A restarted worker has the limits that were reloaded since the start."""
    service = run_service("ingest", "--workers", "2", API_KEYS="later:key_shop", RATE_LIMIT_PER_MIN=1_000_000)
    eventually(lambda: service.log().count("accepting events") == 2, "all workers to accept")
    (service.log_path.parent / ".env").write_text("RATE_LIMITS=later:1\n")
    reload_keys(service, "API keys reloaded", 2)
    workers = [each for each in psutil.Process(service.pid).children() if "spawn_main" in " ".join(each.cmdline())]
    for worker in workers:
        worker.kill()
    eventually(lambda: service.log().count("accepting events") == 4, "other workers to accept")
    service.wait_until_ready()
    assert sorted(statuses([producer_of(service, "key_shop")] * 10)) == [202] + [429] * 9


def test_broken_file(
    run_service: RunService, producer_of: MakeProducer, tmp_path: Path, expect_errors: ExpectErrors
) -> None:
    """A malformed file changes nothing, and the log says what is wrong without showing any key."""
    file = tmp_path / "keys"
    file.write_text("shop:key_good\n")
    service = run_service("ingest", API_KEYS_FILE=file)
    good = producer_of(service, "key_good")
    expect_errors("API keys not reloaded")
    for broken in (b"shop:key_good\nno colon: a secret\n", b"", b"a:same\nb:same\n", b"\xff\xfe:key_good\n"):
        file.write_bytes(broken)
        reload_keys(service, "API keys not reloaded")
        assert statuses([good]) == [202]
    file.unlink()
    reload_keys(service, "API keys not reloaded")
    assert statuses([good]) == [202]
    assert "line 2: expected tenant:key" in service.log()
    assert "secret" not in service.log()
    assert "key_good" not in service.log()
