"""What was measured where: `bench.json` and a table."""

import json
import os
import platform
import sqlite3
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import psutil  # type: ignore[import-untyped]

from services.config import ROOT
from tests.bench.desks import postgres_version
from tests.bench.measure import Plan, Row

PACKAGES = ("duckdb", "streamlit", "sqlalchemy", "sqlmodel", "psycopg", "pyarrow")
HEADER = ("what", "engine", "n", "p50 ms", "p95 ms", "value", "baseline ms", "ratio", "target", "")


def machine() -> dict[str, Any]:
    """Cores and memory that this process may use, and the system."""
    return {
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_mb": psutil.virtual_memory().total // 1024**2,
        "platform": platform.platform(),
    }


def versions() -> dict[str, str]:
    """Of everything that has a part in the figures."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    found |= {"postgresql": postgres_version(), "loopdesk": project["version"]}
    return found | {name: version(name) for name in PACKAGES}


def write(plan: Plan, rows: Sequence[Row]) -> None:
    """`bench.json`, as contracts promise it."""
    told = {"machine": machine(), "versions": versions()}
    told["rows"] = [{key: _rounded(value) for key, value in asdict(row).items()} for row in rows]  # type: ignore[assignment]
    plan.out.write_text(json.dumps(told, indent=1) + "\n")


def table(rows: Sequence[Row]) -> str:
    """The rows for people."""
    cells = [HEADER, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if k < 2 else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def _cells(row: Row) -> tuple[str, ...]:
    sign = ">=" if row.unit == "rows/s" else "<="
    return (
        row.name, row.engine, f"{row.n:,}", _number(row.p50_ms), _number(row.p95_ms),
        "" if row.value is None else f"{_number(row.value)} {row.unit}",
        _number(row.baseline_p50_ms), _number(row.ratio),
        "" if row.target is None else f"{sign} {_number(row.target)}",
        {True: "met", False: "MISSED", None: ""}[row.ok],
    )  # fmt: skip


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _rounded(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value
