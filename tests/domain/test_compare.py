"""Did it change: published and computed vectors, error rates, words."""

import random
from itertools import accumulate, combinations, product
from math import comb, erfc, exp, lgamma, log, sqrt
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from services.domain.compare import (
    Comparison,
    adjust_p,
    chance_of_fall,
    compare,
    compare_many,
    noise,
    responses_needed,
)
from services.domain.scores import Counts, Metric, estimate, raw_variance

MIX = Counts(50, 30, 20)
sizes = st.integers(0, 300)
counts = st.builds(Counts, sizes, sizes, sizes)
some = counts.filter(lambda c: c.n > 0)
metrics = st.sampled_from(Metric)


def figures(found: Comparison) -> list[float]:
    numbers = [found.delta_adjusted, found.low, found.high, found.z, found.p]
    return [number for number in numbers if number is not None]


def plain_wald(first: Counts, second: Counts) -> tuple[float, float, float]:
    """Delta, z and p without pseudo-observations: what others publish, never what is shown."""
    delta = (second.promoters - second.detractors) / second.n
    delta -= (first.promoters - first.detractors) / first.n
    z = delta / sqrt(raw_variance(first) / first.n + raw_variance(second) / second.n)
    return 100 * delta, z, erfc(abs(z) / sqrt(2))


# The published deltas below are first minus second; `compare` gives second minus first.
@pytest.mark.parametrize(
    ("first", "second", "wald", "adjusted"),
    [
        ((15, 13, 8), (12, 7, 12), (19.44, 0.953, 0.341), (17.95, 0.929, 0.353)),
        ((105, 80, 65), (120, 80, 50), (-12.0, -1.693, 0.0905), (-11.86, -1.684, 0.0922)),
    ],
)
def test_two_sample_vectors(
    first: tuple[int, int, int],
    second: tuple[int, int, int],
    wald: tuple[float, float, float],
    adjusted: tuple[float, float, float],
) -> None:
    old, new = Counts(*second), Counts(*first)
    found = compare(old, new)
    assert plain_wald(old, new) == pytest.approx(wald, rel=2e-3)
    assert (found.delta_adjusted, found.z, found.p) == pytest.approx(adjusted, rel=2e-3)
    assert found.delta == pytest.approx(wald[0], abs=5e-3)
    assert not found.changed


def test_the_standard_error_is_the_published_one() -> None:
    found = compare(Counts(12, 7, 12), Counts(15, 13, 8))
    assert (found.delta_adjusted or 0) / (found.z or 1) == pytest.approx(19.324, abs=5e-4)
    assert found.low == pytest.approx(17.9487 - 1.95996 * 19.324, abs=1e-2)
    assert found.high == pytest.approx(17.9487 + 1.95996 * 19.324, abs=1e-2)


def test_the_nhs_vector_is_a_fall_beyond_doubt() -> None:
    """Their function takes the latest sample first and answers -1: a significant decrease."""
    oldest, latest = Counts(321, 654, 987), Counts(123, 456, 789)
    assert plain_wald(oldest, latest)[:2] == pytest.approx((-14.74, -6.04), abs=5e-3)
    found = compare(oldest, latest)
    assert found.delta == pytest.approx(-14.74, abs=5e-3)
    assert found.z == pytest.approx(-6.02, abs=5e-3) and abs(found.z or 0) > 2.58
    assert found.changed and found.verdict == (
        "Down 15 points: unlikely to be chance (p below 0.001); "
        "-34 (±3, n 1,962) against -49 (±3, n 1,368)"
    )


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [  # with 10, 20, 30 and 40 % passives, in whole answers
        ((59, 9, 19), (61, 9, 24), 0.611),
        ((55, 17, 15), (56, 19, 19), 0.584),
        ((50, 27, 10), (51, 29, 14), 0.547),
        ((46, 35, 6), (46, 39, 9), 0.505),
    ],
)
def test_46_then_39_on_ninety_answers_is_no_evidence(
    first: tuple[int, int, int], second: tuple[int, int, int], p: float
) -> None:
    found = compare(Counts(*first), Counts(*second))
    assert found.p == pytest.approx(p, abs=5e-4)
    assert 0.47 < plain_wald(Counts(*first), Counts(*second))[2] < p
    assert found.verdict.startswith("No evidence of change: 46 (±1")
    assert not found.changed


def test_the_published_p_of_46_then_39_is_the_plain_one() -> None:
    def p(passives: float) -> float:
        spread = sum((1 - passives - s * s) / n for s, n in ((0.46, 87), (0.39, 94)))
        return erfc(0.07 / sqrt(spread) / sqrt(2))

    assert (p(0.1), p(0.4)) == pytest.approx((0.58, 0.47), abs=5e-3)


# --- what holds for every pair


@given(some, some, metrics)
def test_swapping_the_samples_swaps_the_sign(a: Counts, b: Counts, metric: Metric) -> None:
    there, back = compare(a, b, metric), compare(b, a, metric)
    assert there.delta == -(back.delta or 0)
    delta, low, high, z, p = figures(back)
    assert figures(there) == pytest.approx([-delta, -high, -low, -z, p])
    assert (there.needed_n, there.changed) == (back.needed_n, back.changed)


@given(some, some, metrics)
def test_figures_hang_together(a: Counts, b: Counts, metric: Metric) -> None:
    found = compare(a, b, metric)
    delta, low, high, _, p = figures(found)
    reach = 200 if metric is Metric.NPS else 100
    assert -reach <= low < delta < high <= reach
    assert found.delta == pytest.approx(
        (estimate(metric, b).value or 0) - (estimate(metric, a).value or 0)
    )
    assert (low <= 0 <= high) == (p >= 0.05)
    if found.changed:
        assert ("Up" if (found.delta or 0) > 0 else "Down") in found.verdict
        assert (found.delta or 0) * delta > 0
    assert ("unlikely to be chance" in found.verdict) == found.changed


@given(some, metrics)
def test_a_sample_does_not_differ_from_itself(c: Counts, metric: Metric) -> None:
    found = compare(c, c, metric)
    assert (found.delta, found.z, found.p, found.needed_n) == (0, 0, 1, None)
    assert not found.changed


def test_the_difference_of_two_scores_is_divided_once() -> None:
    assert compare(Counts(223, 777, 0), Counts(348, 652, 0)).delta == 12.5


def test_a_share_uses_one_success_and_one_failure_more() -> None:
    """Agresti and Caffo: 8 of 10 against 3 of 10 becomes 9/12 against 4/12."""
    found = compare(Counts(3, 4, 3), Counts(8, 0, 2), Metric.CSAT)
    error = sqrt((9 / 12 * 3 / 12 + 4 / 12 * 8 / 12) / 12)
    assert found.delta_adjusted == pytest.approx(100 * 5 / 12)
    assert found.z == pytest.approx(5 / 12 / error)
    assert found == compare(Counts(3, 0, 7), Counts(8, 2, 0), Metric.CES)


def test_the_metric_may_come_as_the_word_that_a_database_keeps() -> None:
    a, b = Counts(30, 10, 60), Counts(50, 10, 40)
    for metric in Metric:
        word: Metric = metric.value  # type: ignore[assignment]
        assert compare(a, b, word) == compare(a, b, metric)


# --- words


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ((0, 0, 0), (40, 20, 10), "Too few to say: no answers against 43 (±17, n 70)"),
        ((4, 0, 0), (0, 0, 900), "Too few to say: 100 (n 4) against -100 (±0.4, n 900)"),
        (
            (50, 30, 20),
            (50, 30, 20),
            "No evidence of change: 30 (±15, n 100) against 30 (±15, n 100)",
        ),
        (
            (400, 400, 200),
            (480, 400, 120),
            "Up 16 points: unlikely to be chance (p below 0.001); "
            "20 (±5, n 1,000) against 36 (±4, n 1,000)",
        ),
        (
            (500, 300, 200),
            (544, 300, 156),
            "Up 9 points: unlikely to be chance (p 0.01); "
            "30 (±5, n 1,000) against 39 (±5, n 1,000)",
        ),
        (
            (250, 140, 110),
            (210, 140, 150),
            "Down 16 points: unlikely to be chance (p 0.002); "
            "28 (±7, n 500) against 12 (±7, n 500)",
        ),
    ],
)
def test_the_verdict_is_a_sentence(
    first: tuple[int, int, int], second: tuple[int, int, int], verdict: str
) -> None:
    found = compare(Counts(*first), Counts(*second))
    assert found.verdict == verdict
    assert found.changed == ("unlikely to be chance" in verdict)


def test_a_change_from_all_bad_to_all_good_is_200_points() -> None:
    """The figures of so small a certainty are drawn in, the difference as shown is not."""
    found = compare(Counts(0, 0, 50), Counts(50, 0, 0))
    assert found.delta == 200
    assert figures(found)[:3] == pytest.approx([188.68, 177.80, 199.56], abs=5e-3)


def test_a_small_sure_change_is_not_called_up_0_points() -> None:
    found = compare(Counts(500_000, 500_000, 0), Counts(504_000, 496_000, 0))
    assert found.verdict.startswith("Up 0.4 points: unlikely")
    found = compare(Counts(500_000, 500_000, 0), Counts(510_000, 490_000, 0))
    assert found.verdict.startswith("Up 1 point: unlikely")


@pytest.mark.parametrize("pair", [(Counts(0, 0, 0), MIX), (MIX, Counts(0, 0, 0))])
def test_nothing_is_computed_from_no_answers(pair: tuple[Counts, Counts]) -> None:
    found = compare(*pair)
    assert (found.delta, figures(found), found.needed_n, found.changed) == (None, [], None, False)
    assert found.verdict.startswith("Too few to say")


# --- how often it is wrong


def chances(n: int, mix: tuple[float, float, float]) -> dict[Counts, float]:
    found = {}
    for up, down in product(range(n + 1), repeat=2):
        if (rest := n - up - down) >= 0:
            ways = lgamma(n + 1) - lgamma(up + 1) - lgamma(down + 1) - lgamma(rest + 1)
            bins = zip((up, rest, down), mix, strict=True)
            found[Counts(up, rest, down)] = exp(ways + sum(k * log(share) for k, share in bins))
    return found


@pytest.mark.parametrize("mix", [(0.5, 0.3, 0.2), (0.9, 0.08, 0.02), (0.1, 0.2, 0.7)])
@pytest.mark.parametrize(("n", "m"), [(5, 5), (12, 6), (10, 10)])
def test_nothing_happened_is_called_a_change_in_at_most_5_percent(
    n: int, m: int, mix: tuple[float, float, float]
) -> None:
    pairs = product(chances(n, mix).items(), chances(m, mix).items())
    assert sum(p * q for (a, p), (b, q) in pairs if compare(a, b).changed) <= 0.05


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_eight_equal_segments_raise_a_false_alarm_in_at_most_5_percent(seed: int) -> None:
    """The naive rule, any fall of 5 points or more, raises one nearly always."""
    draw, outcomes = random.Random(seed), chances(60, (0.5, 0.3, 0.2))
    cells, weights, rounds, false = list(outcomes), list(accumulate(outcomes.values())), 300, 0
    naive = 0
    for _ in range(rounds):
        drawn = draw.choices(cells, cum_weights=weights, k=16)
        found = compare_many(list(zip(drawn[::2], drawn[1::2], strict=True)))
        false += any(one.changed for one in found)
        naive += any((one.delta or 0) <= -5 for one in found)
    assert false / rounds <= 0.05 + 2 * sqrt(0.05 * 0.95 / rounds)
    assert naive / rounds > 0.9


# --- many looks

ps_lists = st.lists(st.floats(0, 1), max_size=7)


def closed_test(ps: list[float], i: int) -> float:
    """Holm from first principles: the worst Bonferroni p of every set that holds i."""
    sets = [s for k in range(1, len(ps) + 1) for s in combinations(range(len(ps)), k) if i in s]
    return max(min(1.0, len(s) * min(ps[j] for j in s)) for s in sets)


@given(ps_lists)
def test_holm_is_the_closure_of_bonferroni(ps: list[float]) -> None:
    assert adjust_p(ps) == pytest.approx([closed_test(ps, i) for i in range(len(ps))])


@given(ps_lists)
def test_fdr_is_the_one_of_scipy(ps: list[float]) -> None:
    expected = list(false_discovery_control(ps)) if ps else []
    assert adjust_p(ps, "fdr") == pytest.approx(expected)


@pytest.mark.parametrize(
    ("method", "expected"), [("holm", [0.03, 0.06, 0.06, 0.02]), ("fdr", [0.02, 0.04, 0.04, 0.02])]
)
def test_adjusted_ps_keep_their_places(
    method: Literal["holm", "fdr"], expected: list[float]
) -> None:
    assert adjust_p([0.01, 0.04, 0.03, 0.005], method) == pytest.approx(expected)


def test_what_is_no_p_value_or_no_method_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        adjust_p([0.2, 1.1])
    with pytest.raises(ValueError, match='use "holm" or "fdr"'):
        adjust_p([0.2], "bonferroni")  # type: ignore[arg-type]


def test_many_comparisons_say_so_and_small_ones_do_not_count() -> None:
    sure, unsure = (Counts(400, 400, 200), Counts(460, 400, 140)), (MIX, Counts(62, 28, 10))
    tiny, empty = (Counts(2, 0, 0), MIX), (Counts(0, 0, 0), MIX)
    assert compare(*unsure).changed
    alone = [compare(*pair) for pair in (tiny, unsure, sure, empty, unsure)]
    found = compare_many([tiny, unsure, sure, empty, unsure])
    assert [one.changed for one in found] == [False, False, True, False, False]
    assert found[1].p == pytest.approx(2 * (alone[1].p or 0))
    assert found[2].p == pytest.approx(3 * (alone[2].p or 0))
    assert "allowing for 3 comparisons" in found[2].verdict
    assert found[1].verdict.startswith("No evidence of change")
    assert (found[0], found[3]) == (alone[0], alone[3])
    assert (found[2].low, found[2].z) == (alone[2].low, alone[2].z)
    assert [one.changed for one in compare_many([unsure, sure], method="fdr")] == [True, True]
    assert compare_many([sure]) == [compare(*sure)]


# --- responses needed, and noise


@pytest.mark.parametrize(
    ("points", "n"), [(3, 10640), (5, 3831), (7, 1955), (10, 958), (15, 426), (20, 240)]
)
def test_responses_needed_follow_the_table(points: float, n: int) -> None:
    assert responses_needed(points, MIX) == n
    assert responses_needed(points, Counts(500, 300, 200)) == n


def test_more_power_less_alpha_and_a_share_change_the_need() -> None:
    assert responses_needed(10, MIX, power=0.9) == 1282  # 2 * .61 * (1.95996 + 1.28155)^2 / .01
    assert responses_needed(10, MIX, alpha=0.01) == 1425  # 2 * .61 * (2.57583 + 0.84162)^2 / .01
    assert responses_needed(10, MIX, metric=Metric.CSAT) == 393  # 2 * .25 * 7.8489 / .01
    assert responses_needed(200, MIX) == 5
    assert responses_needed(5, Counts(30, 0, 0)) > 500


def test_the_needed_number_of_answers_has_the_power_it_promises() -> None:
    """Exactly, for a change from 40 to 70 % satisfied."""
    n = compare(Counts(40, 0, 60), Counts(70, 0, 30), Metric.CSAT).needed_n or 0
    assert n == pytest.approx(40, abs=2)
    power = 0.0
    for a, b in product(range(n + 1), repeat=2):
        if compare(Counts(a, 0, n - a), Counts(b, 0, n - b), Metric.CSAT).changed:
            power += comb(n, a) * 0.4**a * 0.6 ** (n - a) * comb(n, b) * 0.7**b * 0.3 ** (n - b)
    assert power == pytest.approx(0.8, abs=0.04)


def test_a_comparison_says_how_many_answers_it_would_take() -> None:
    found = compare(Counts(500, 300, 200), Counts(475, 300, 225))
    assert found.delta == -5 and found.needed_n == pytest.approx(3831, rel=0.03)


@pytest.mark.parametrize(
    ("n", "sd", "five", "ten"),
    [
        (50, 15.6, 0.374, 0.261),
        (100, 11.05, 0.325, 0.183),
        (200, 7.81, 0.261, 0.100),
        (400, 5.52, 0.183, 0.035),
        (1000, 3.49, 0.076, 0.002),
    ],
)
def test_noise_follows_the_table(n: int, sd: float, five: float, ten: float) -> None:
    assert noise(n, n, MIX) == pytest.approx(sd, rel=2e-3)
    assert chance_of_fall(5, n, n, MIX) == pytest.approx(five, abs=6e-4)
    assert chance_of_fall(10, n, n, MIX) == pytest.approx(ten, abs=6e-4)


def test_noise_knows_sizes_and_metric() -> None:
    assert noise(100, 400, MIX) == pytest.approx(100 * sqrt(0.61 / 100 + 0.61 / 400))
    assert noise(100, 100, MIX, Metric.CES) == pytest.approx(100 * sqrt(0.5 / 100))
    assert chance_of_fall(0, 100, 100, MIX) == 0.5


def test_impossible_questions_are_refused() -> None:
    nobody = Counts(0, 0, 0)
    for ask in (
        lambda: responses_needed(0, MIX),
        lambda: responses_needed(-5, MIX),
        lambda: responses_needed(5, MIX, power=1),
        lambda: responses_needed(5, MIX, alpha=0),
        lambda: responses_needed(5, nobody),
        lambda: noise(0, 10, MIX),
        lambda: chance_of_fall(5, 10, 10, nobody),
        lambda: chance_of_fall(-5, 10, 10, MIX),
    ):
        with pytest.raises(ValueError):  # noqa: PT011
            ask()
