"""`GET /metrics`: how the desk is doing, in Prometheus' text format, for a key that may read it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from platform import python_version
from threading import Lock
from time import monotonic

from anyio import fail_after, to_thread
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from db.engine import reading
from services.insights.failing import Unavailable, answering
from services.insights.operations import STATUSES, Operations, operations
from services.web import health
from services.web.api import refused
from services.web.api_parts import Refusal, program
from services.web.health import NO_STORE, desk_version
from services.worker.jobs import JOBS

AGE = 10.0  # seconds for which one look at the database serves all who ask
_known = program("metrics")


class Kept:
    """The last look at the desk, taken anew when it is older than `AGE`."""

    def __init__(self) -> None:
        self._lock, self._until = Lock(), 0.0
        self._found: Operations | None = None

    def look(self) -> Operations:
        """The desk as it was at most `AGE` seconds ago."""
        with self._lock:  # who asks meanwhile gets the same look
            if self._found is None or monotonic() >= self._until:
                with reading() as session:
                    self._found = operations(session, now=datetime.now(UTC))
                self._until = monotonic() + AGE
            return self._found


kept = Kept()


async def metrics(request: Request) -> Response:
    """The figures; 401 and 403 as the API says them, 503 while the database is away."""
    try:
        with fail_after(health.PATIENCE):
            return await to_thread.run_sync(_told, request, abandon_on_cancel=True)
    except Refusal as refusal:
        return refused(request, refusal)
    except (Unavailable, TimeoutError):
        return PlainTextResponse("The database does not answer.", 503, NO_STORE)


def _told(request: Request) -> Response:
    with answering():
        _known(request)
        found = kept.look()
    registry = CollectorRegistry()
    registry.register(_Desk(found))
    ProcessCollector(registry=registry)
    return Response(generate_latest(registry), 200, NO_STORE, CONTENT_TYPE_PLAIN_0_0_4)


class _Desk(Collector):
    """One look as families of metrics."""

    def __init__(self, found: Operations) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """Every family; process figures come from the library's own collector."""
        yield from _desk(self._found)
        yield from _work(self._found)
        yield from _vendors(self._found)
        yield from _jobs(self._found)


def _desk(found: Operations) -> Iterator[Metric]:
    build = {"version": desk_version(), "python": python_version()}
    schema = {"revision": found.revision or "", "database": found.database}
    yield InfoMetricFamily("loopdesk_build", "What runs here", value=build)
    yield InfoMetricFamily("loopdesk_schema", "What the data lies in", value=schema)
    yield _counter("data_version", "Changes that a page can show", found.data_version)
    yield _gauge("sessions", "Browsers that are signed in", found.sessions)


def _work(found: Operations) -> Iterator[Metric]:
    by = {status: found.cases[status] for status in STATUSES}
    yield _each("cases", "Unresolved cases", "status", by)
    yield _gauge("cases_overdue", "Whose promise is broken now", found.cases["overdue"])
    yield _gauge("cases_unassigned", "To be worked on by nobody", found.cases["unassigned"])
    yield _gauge("cases_snoozed", "Asleep", found.cases["snoozed"])
    yield _counter("cases_opened", "Cases ever opened", found.opened)
    yield _counter("responses", "Answers ever kept", found.answers)
    if found.answered_at is not None:
        last = found.answered_at.timestamp()
        yield _gauge("response_received_timestamp_seconds", "When the last answer came in", last)


def _vendors(found: Operations) -> Iterator[Metric]:
    rows = found.vendors.items()
    paused = {name: float(row.paused_at is not None) for name, row in rows}
    broken = {name: float(row.broken_at is not None) for name, row in rows}
    failures = {name: float(row.failures) for name, row in rows}
    ok = {name: row.last_ok_at.timestamp() for name, row in rows if row.last_ok_at}
    yield _deliveries(found)
    yield _each(
        "delivery_waiting_seconds", "How long ago the first that waits was due", "vendor",
        found.waited,
    )  # fmt: skip
    yield _counter("delivery_attempts", "Tries at a delivery", found.attempts)
    yield _each("vendor_paused", "1: a person paused it", "vendor", paused)
    yield _each("vendor_broken", "1: it refuses our credentials", "vendor", broken)
    yield _each("vendor_failures", "Failures in a row", "vendor", failures)
    yield _each("vendor_ok_timestamp_seconds", "When it last took something", "vendor", ok)


def _jobs(found: Operations) -> Iterator[Metric]:
    # A job of an older version leaves its row behind, and would look stuck for ever.
    rows = {name: row for name, row in found.jobs.items() if name in JOBS}
    ran = {name: row.last_at.timestamp() for name, row in rows.items() if row.last_at}
    failed = {name: float(row.last_error is not None) for name, row in rows.items()}
    yield _each("job_run_timestamp_seconds", "When it was last done", "name", ran)
    yield _each("job_failed", "1: its last run broke", "name", failed)


def _deliveries(found: Operations) -> Metric:
    words = "What has neither arrived nor was cancelled"
    family = GaugeMetricFamily("loopdesk_deliveries", words, labels=["vendor", "state"])
    for key, n in found.deliveries.items():
        family.add_metric(key, n)
    return family


def _each(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"loopdesk_{name}", words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(f"loopdesk_{name}", words, value=value)


def _counter(name: str, words: str, value: float) -> Metric:
    return CounterMetricFamily(f"loopdesk_{name}", words, value=value)
