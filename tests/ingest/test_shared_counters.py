"""Counters that the processes of one service share."""

from pathlib import Path

from event_platform.ingest.shared_counters import Counters, CountersCollector, CounterTable


def test_counters_of_all_processes(tmp_path: Path) -> None:
    """A scrape reports the sum over all processes; a restarted process resets no counter."""
    table = CounterTable(tmp_path / "rows", 2)
    for worker in (0, 1):
        counters = Counters(CounterTable(tmp_path / "rows", 2).row(worker))
        counters.request_started()
        counters.request_finished("ACCEPTED", 0.003)
    Counters(CounterTable(tmp_path / "rows", 2).row(1)).request_started()
    found = {
        sample.name + str(sample.labels): sample.value
        for metric in CountersCollector(table).collect()
        for sample in metric.samples
    }
    assert found["ingest_requests_total{'outcome': 'ACCEPTED'}"] == 2
    assert found["ingest_in_flight{}"] == 1
    assert found["ingest_request_seconds_bucket{'le': '0.005'}"] == 2
    assert found["ingest_request_seconds_count{}"] == 2
