"""Published and computed vectors for estimates, intervals and rounding."""

from collections import Counter
from functools import cache
from itertools import pairwise, product
from math import comb, exp, inf, lgamma, log, nan, sqrt
from statistics import NormalDist, mean, pvariance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.scores import (
    Band,
    Counts,
    Estimate,
    Metric,
    Scale,
    band,
    ces_agree,
    ces_mean,
    csat_top2,
    estimate,
    nps,
    raw_variance,
    rounded,
    show,
)

NPS, CSAT, CES = Metric.NPS, Metric.CSAT, Metric.CES
ELEVEN, SEVEN = Scale.parse("0-10"), Scale.parse("1-7")
SAMPLE_FILE = Counts(151, 241, 865)

sizes = st.integers(0, 400)
counts = st.builds(Counts, sizes, sizes, sizes)
some = counts.filter(lambda c: c.n > 0)


def tally(scores: list[int], scale: Scale = ELEVEN, metric: Metric = NPS) -> Counts:
    found = Counter(band(metric, score, scale) for score in scores)
    return Counts(found[Band.PROMOTER], found[Band.PASSIVE], found[Band.DETRACTOR])


def ends(figure: Estimate) -> tuple[float, float]:
    assert figure.low is not None and figure.high is not None
    return figure.low, figure.high


def width(figure: Estimate) -> float:
    low, high = ends(figure)
    return high - low


def mirrored(c: Counts) -> Counts:
    return Counts(c.detractors, c.passives, c.promoters)


# --- counts


def test_counts_add_up() -> None:
    total = Counts(1, 2, 3) + Counts(10, 20, 30)
    assert (total, total.n) == (Counts(11, 22, 33), 66)


@pytest.mark.parametrize("bins", [(-1, 0, 5), (5, -1, 0), (0, 5, -1)])
def test_negative_counts_are_refused(bins: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="negative"):
        Counts(*bins)


@given(st.permutations([0, 3, 6, 7, 8, 9, 10, 10, 9, 2]))
def test_the_order_of_answers_does_not_matter(scores: list[int]) -> None:
    assert nps(tally(scores)) == nps(Counts(4, 2, 4))


# --- points and variances


@pytest.mark.parametrize(
    ("bins", "value"),
    [
        ((10, 5, 5), 25),  # Delighted, article 531
        ((215, 85, 75), 37 + 1 / 3),  # a published payload says 42: its arithmetic is wrong
        ((277, 120, 103), 34.8),
        ((4, 1, 3), 12.5),
        ((14, 0, 14), 0),
        ((8, 12, 8), 0),
    ],
)
def test_nps_is_promoters_minus_detractors_in_points(
    bins: tuple[int, int, int], value: float
) -> None:
    assert nps(Counts(*bins)).value == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    ("scores", "variance", "error"),
    [  # R package NPS 2.x, its own tests
        ([0, 7, 7, 9, 9, 9], 5 / 9, 0.304),
        ([1, 9], 1, 0.707),
        ([7, 9], 0.25, 0.354),
        ([0, 7, 9], 2 / 3, 0.471),
        ([9], 0, 0),
    ],
)
def test_the_variance_is_the_one_of_the_r_package(
    scores: list[int], variance: float, error: float
) -> None:
    assert raw_variance(tally(scores)) == pytest.approx(variance, abs=1e-12)
    assert sqrt(raw_variance(tally(scores)) / len(scores)) == pytest.approx(error, abs=5e-4)


@pytest.mark.parametrize(
    ("bins", "variance", "margin"),
    [  # margin: 1.96 plain standard errors in points
        ((162, 108, 54), 5 / 9, 8.12),  # 1/2, 1/3, 1/6 of 324: whuber on CrossValidated
        ((200, 150, 150), 0.69, 7.28),  # Displayr
        ((500, 300, 200), 0.61, 4.84),  # "1,000 responses are about +-5"
        ((50_000, 30_000, 20_000), 0.61, 0.484),  # "100,000 are about +-0.5"
        ((14, 0, 14), 1, 1.96 * 18.9),
        ((8, 12, 8), 16 / 28, 1.96 * 14.3),
    ],
)
def test_standard_errors_agree_with_published_margins(
    bins: tuple[int, int, int], variance: float, margin: float
) -> None:
    sample = Counts(*bins)
    assert raw_variance(sample) == pytest.approx(variance, abs=1e-12)
    plain = 196 * sqrt(raw_variance(sample) / sample.n)
    assert plain == pytest.approx(margin, rel=2e-3)
    if sample.n >= 324:
        assert nps(sample).margin == pytest.approx(plain, rel=5e-3)


@given(some)
def test_the_variance_identity_of_cybaea_and_askia_holds(c: Counts) -> None:
    p, d = c.promoters / c.n, c.detractors / c.n
    assert raw_variance(c) == pytest.approx(p * (1 - p) + d * (1 - d) + 2 * p * d, abs=1e-12)
    assert raw_variance(c) == pytest.approx(p + d - (p - d) ** 2, abs=1e-12)


def test_no_answers_have_no_variance() -> None:
    with pytest.raises(ValueError, match="no answers"):
        raw_variance(Counts(0, 0, 0))


# --- intervals


@pytest.mark.parametrize(
    ("bins", "confidence", "centre", "low", "high"),
    [
        ((15, 13, 8), 0.90, 17.9487, -2.38, 38.28),
        ((12, 7, 12), 0.90, 0, -24.43, 24.43),
        ((15, 13, 8), 0.95, 17.9487, -6.28, 42.18),
        ((12, 7, 12), 0.95, 0, -29.11, 29.11),
        ((10, 5, 5), 0.95, 21.7391, -11.72, 55.19),
        ((150, 96, 54), 0.95, 31.6832, 23.12, 40.24),
        ((10, 0, 0), 0.95, 76.92, 47.50, 106.34),
        ((1, 0, 0), 0.95, 25, -48.5, 98.5),
        ((0, 0, 5), 0.95, -62.5, -107.5, -17.5),
        ((151, 241, 865), 0.95, -56.67, -60.52, -52.82),
    ],
)
def test_adjusted_wald_vectors(
    bins: tuple[int, int, int], confidence: float, centre: float, low: float, high: float
) -> None:
    figure = nps(Counts(*bins), confidence)
    clipped = max(low, -100), min(high, 100)
    assert ends(figure) == pytest.approx(clipped, abs=1e-2)
    assert (low + high) / 2 == pytest.approx(centre, abs=1e-2)
    assert f"{100 * confidence:g} % adjusted-Wald" in figure.definition


def test_the_real_sample_file_scores_minus_56_80() -> None:
    assert (SAMPLE_FILE.n, show(nps(SAMPLE_FILE).value or 0, 2)) == (1257, "-56.80")


def test_the_plain_wald_interval_is_not_what_is_shown() -> None:
    sample = Counts(9, 0, 2)  # the plain one is 18.05 .. 109.22, clipped to 100
    value = nps(sample).value or 0
    plain = 196 * sqrt(raw_variance(sample) / sample.n)
    assert (value - plain, value + plain) == pytest.approx((18.05, 109.22), abs=5e-3)
    assert ends(nps(sample)) == pytest.approx((8.00, 92.00), abs=5e-3)


@given(counts, st.sampled_from(Metric), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_an_interval_has_width_and_stays_in_range(
    c: Counts, metric: Metric, confidence: float
) -> None:
    figure = estimate(metric, c, confidence)
    if c.n == 0:
        assert (figure.value, figure.low, figure.high, figure.margin) == (None,) * 4
        return
    low, high = ends(figure)
    assert (-100 if metric is NPS else 0) <= low < high <= 100
    assert figure.margin == (high - low) / 2 > 0


@given(some, st.sampled_from(Metric))
def test_the_value_lies_in_its_interval_from_two_answers_on(c: Counts, metric: Metric) -> None:
    low, high = ends(estimate(metric, c))
    assert c.n == 1 or low <= (estimate(metric, c).value or 0) <= high


@given(some)
def test_swapping_promoters_and_detractors_negates_everything(c: Counts) -> None:
    figure, other = nps(c), nps(mirrored(c))
    assert other.value == -(figure.value or 0)
    assert ends(other) == (-ends(figure)[1], -ends(figure)[0])
    low, high = ends(ces_agree(Counts(c.promoters, 0, c.detractors + c.passives)))
    failures = ces_agree(Counts(c.detractors + c.passives, 0, c.promoters))
    assert ends(failures) == pytest.approx((100 - high, 100 - low))


@given(some, st.integers(2, 5), st.sampled_from(Metric))
def test_more_of_the_same_answers_narrow_the_interval(c: Counts, k: int, metric: Metric) -> None:
    more = Counts(k * c.promoters, k * c.passives, k * c.detractors)
    assert width(estimate(metric, more)) < width(estimate(metric, c))
    assert width(estimate(metric, c)) <= width(estimate(metric, c, 0.99))


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 95, nan])
def test_confidence_is_a_share(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        nps(Counts(1, 1, 1), confidence)


def test_below_five_answers_there_are_too_few_to_say() -> None:
    assert [nps(Counts(n, 0, 0)).too_few for n in (0, 4, 5)] == [True, True, False]


# --- CSAT and CES


def test_ces_agree_matches_delighted() -> None:
    figure = estimate(
        CES, tally([5] * 4 + [6, 7, 7, 5, 6, 7] + [4] * 5 + [1, 2, 3, 3, 1], SEVEN, CES)
    )
    assert (figure.metric, figure.counts, figure.value) == ("ces_agree", Counts(10, 5, 5), 50)


def test_a_share_matches_the_published_adjusted_wald_example() -> None:
    """Four of five: 36 % to 98 % (Sauro and Lewis 2005, worked through by Tullis)."""
    figure = estimate(CSAT, Counts(4, 0, 1))
    assert (figure.metric, figure.value) == ("csat_top2", 80)
    assert ends(figure) == pytest.approx((35.96, 97.96), abs=1e-2)
    assert ends(csat_top2(Counts(4, 1, 0))) == ends(figure)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3, 0.5, 0.8, 0.98])
@pytest.mark.parametrize("n", [20, 50, 100])
def test_a_share_is_covered_as_promised(share: float, n: int) -> None:
    covered = 0.0
    for k in range(n + 1):
        low, high = ends(csat_top2(Counts(k, 0, n - k)))
        if low <= 100 * share <= high:
            covered += comb(n, k) * share**k * (1 - share) ** (n - k)
    assert 0.93 <= covered <= 0.995


@given(st.lists(st.sampled_from(SEVEN.values), min_size=2))
def test_a_mean_lies_in_an_interval_with_width(scores: list[int]) -> None:
    figure = ces_mean(len(scores), sum(scores), sum(score**2 for score in scores), SEVEN)
    low, high = ends(figure)
    assert figure.value == pytest.approx(mean(scores))
    assert 1 <= low < high <= 7 and low <= (figure.value or 0) <= high
    assert (figure.metric, figure.counts) == ("ces_mean", None) and "1-7" in figure.definition


def test_a_mean_follows_its_written_formula() -> None:
    scores = [7, 7, 6, 5, 2, 7, 4]
    weighted = scores * 4 + [1] * 3 + [4] * 6 + [7] * 3  # quarters: 3/4, 1 1/2, 3/4 answers
    half = NormalDist().inv_cdf(0.975) * sqrt(pvariance(weighted) / (len(scores) + 3))
    figure = ces_mean(len(scores), sum(scores), sum(score**2 for score in scores), SEVEN)
    assert ends(figure) == pytest.approx((mean(weighted) - half, min(7, mean(weighted) + half)))


@given(some)
def test_a_mean_on_a_scale_of_three_is_the_nps_interval(c: Counts) -> None:
    net, polar = c.promoters - c.detractors, c.promoters + c.detractors
    low, high = ends(ces_mean(c.n, net, polar, Scale(-1, 1)))
    assert ends(nps(c)) == pytest.approx((100 * low, 100 * high))


@pytest.mark.parametrize(
    "sums", [(2, 1, 1), (2, 15, 113), (2, 8, 31), (2, 8, 51), (-1, -4, -20), (0, 1, 1)]
)
def test_impossible_sums_are_refused(sums: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="add up"):
        ces_mean(*sums, SEVEN)


def test_a_mean_of_nothing_is_nothing() -> None:
    figure = ces_mean(0, 0, 0, SEVEN)
    assert (figure.n, figure.value, figure.low, figure.high) == (0, None, None, None)


# --- coverage of the NPS interval, summed over every outcome (within 6 sd, 1e-8 of the mass)

GRID = {  # simulated with 40,000 draws a cell
    (0.50, 0.30, 0.20): (0.944, 0.963, 0.949, 0.949, 0.949, 0.950, 0.950),
    (0.70, 0.20, 0.10): (0.936, 0.950, 0.961, 0.950, 0.953, 0.951, 0.950),
    (0.30, 0.40, 0.30): (0.963, 0.965, 0.944, 0.947, 0.947, 0.951, 0.950),
    (0.20, 0.30, 0.50): (0.944, 0.963, 0.950, 0.950, 0.950, 0.948, 0.950),
    (0.90, 0.08, 0.02): (0.917, 0.930, 0.954, 0.966, 0.963, 0.953, 0.951),
    (0.10, 0.20, 0.70): (0.936, 0.952, 0.961, 0.951, 0.952, 0.950, 0.949),
}
SIZES = (5, 10, 20, 50, 100, 400, 1000)


def likely(n: int, share: float) -> range:
    reach = 6 * sqrt(n * share * (1 - share)) + 3
    return range(max(0, int(n * share - reach)), min(n, int(n * share + reach)) + 1)


@cache
def coverage(mix: tuple[float, float, float], n: int) -> float:
    p, middle, d = (log(share) for share in mix)
    truth, covered, seen = 100 * (mix[0] - mix[2]), 0.0, 0.0
    for up, down in product(likely(n, mix[0]), likely(n, mix[2])):
        if (rest := n - up - down) < 0:
            continue
        ways = lgamma(n + 1) - lgamma(up + 1) - lgamma(down + 1) - lgamma(rest + 1)
        chance = exp(ways + up * p + rest * middle + down * d)
        low, high = ends(nps(Counts(up, rest, down)))
        seen += chance
        covered += chance * (low <= truth <= high)
    assert seen == pytest.approx(1, abs=1e-7)
    return covered


@pytest.mark.parametrize("mix", GRID)
def test_coverage_agrees_with_the_simulated_grid(mix: tuple[float, float, float]) -> None:
    exact = [coverage(mix, n) for n in SIZES]
    assert exact == pytest.approx(GRID[mix], abs=0.005)  # 4 standard errors and the rounding


def test_coverage_keeps_the_promise_from_twenty_answers_on() -> None:
    cells = [coverage(mix, n) for mix in GRID for n in SIZES if n >= 20]
    assert 0.94 <= mean(cells) <= 0.97
    assert mean(cells) == pytest.approx(0.952, abs=1e-3)
    assert min(cells) == pytest.approx(0.944, abs=2e-3) and min(cells) >= 0.92


# --- rounding


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (12.5, 0, "13"),  # Python's own round gives 12
        (-12.5, 0, "-13"),
        (34.8, 0, "35"),  # 55 - 21 from rounded parts would be 34
        (2.675, 2, "2.68"),  # stored as 2.67499...
        (-0.4, 0, "0"),
        (-0.0, 1, "0.0"),
        (64.5, 1, "64.5"),  # AskNicely keeps one decimal
        (33.333333333333336, 2, "33.33"),
        (7, 2, "7.00"),
        (1e22, 0, "10000000000000000000000"),
        (1250, -2, "1300"),
    ],
)
def test_figures_are_rounded_half_away_from_zero(value: float, digits: int, shown: str) -> None:
    assert show(value, digits) == shown
    assert rounded(value, digits) == float(shown)
    assert not str(rounded(value, digits)).startswith("-0.0")


def test_a_score_is_rounded_once_from_the_counts() -> None:
    assert show(nps(Counts(277, 120, 103)).value or 0) == "35"
    assert show(nps(Counts(4, 1, 3)).value or 0) == "13"
    assert show(nps(Counts(3, 1, 4)).value or 0) == "-13"
    assert show(nps(Counts(29, 171, 0)).value or 0) == "15"  # 100 * (29 / 200) is 14.499...


@given(st.lists(st.floats(-1e6, 1e6), min_size=2), st.integers(0, 3))
def test_rounding_keeps_order_and_sign_and_is_close(values: list[float], digits: int) -> None:
    assert all(a <= b for a, b in pairwise(rounded(v, digits) for v in sorted(values)))
    for value in values:
        assert rounded(-value, digits) == -rounded(value, digits)
        assert abs(rounded(value, digits) - value) <= 0.5 * 10**-digits + 1e-9
        assert rounded(float(show(value, digits)), digits) == rounded(value, digits)


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_what_is_not_a_number_is_not_rounded(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be rounded"):
        show(value)
