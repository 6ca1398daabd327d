"""The order of the queue finds the money about to leave; the bench tells how much of it."""

import ast
from pathlib import Path

from tests.bench import priority_world
from tests.bench.priority_recall import Gain, by_priority, first_in, recalls, score_only
from tests.bench.priority_world import world

SEEDS = range(6)


def test_the_queue_finds_more_of_what_leaves_than_simpler_orders() -> None:
    ours = recalls(by_priority(), SEEDS)
    assert Gain.of(ours, recalls(first_in, SEEDS)).low > 0
    assert Gain.of(ours, recalls(score_only, SEEDS)).mean > 0


def test_the_company_that_it_is_held_against_knows_nothing_of_the_queue() -> None:
    tree = ast.parse(Path(priority_world.__file__).read_text())
    named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    named += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    assert named and not [name for name in named if name.startswith(("services", "tests"))]


def test_a_company_is_the_same_every_time_and_another_one_is_not() -> None:
    assert world(1, 2, 20) == world(1, 2, 20) != world(2, 2, 20)


def test_a_gain_comes_with_its_interval() -> None:
    gain = Gain.of([0.3, 0.4, 0.5], [0.1, 0.3, 0.2])
    assert (round(gain.mean, 3), round(gain.low, 3), round(gain.high, 3)) == (0.2, -0.048, 0.448)
