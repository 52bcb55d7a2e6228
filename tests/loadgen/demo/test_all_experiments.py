"""All experiments of `demo-failure`, on a platform of its own, because they stop the servers, too."""

from pathlib import Path

import pytest
from tests.fixtures.shell import Shell


@pytest.mark.long
@pytest.mark.timeout(900)
def test_all_experiments_are_reconciled(tmp_path: Path, environment: dict[str, str]) -> None:
    """Postgres, Redis, Kafka and the processor are stopped for 20 s each; every event is reconciled."""
    named = {"KAFKA_BROKERS", "DATABASE_URL", "ADMIN_DATABASE_URL", "REDIS_URL", "EVENT_PLATFORM_HOME"}
    own = {name: value for name, value in environment.items() if name not in named}
    shell = Shell(tmp_path, own)
    try:
        done = shell.run("demo-failure")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Reconciled:" in done.stdout
    finally:
        shell.run("down", "--purge")
