"""`worker`: send what is owed and do the periodic work, in a process of its own."""

import signal
import threading

import typer

from services.commands import shell
from services.worker.runner import Runner


def run() -> None:
    """Work until SIGTERM or Ctrl+C; as many of these as wanted may run on PostgreSQL.

    With these, set LOOPDESK_WORKER=0 for the process that serves the pages.
    """
    shell.open_desk()
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    runner = Runner()
    runner.start()
    typer.echo(f"Worker {runner.name} is at work.", err=True)
    asked.wait()
    if not runner.stop():
        typer.echo("Something was still under way: it is looked up later.", err=True)
