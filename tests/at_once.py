"""Several who do the same at the same time."""

from collections.abc import Callable
from threading import Thread


def at_once(work: Callable[[], None], n: int = 3) -> None:
    """Do it in `n` threads at once, and wait for all of them."""
    workers = [Thread(target=work) for _ in range(n)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
