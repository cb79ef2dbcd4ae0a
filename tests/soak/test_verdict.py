"""The rule, held against made series whose truth is known: each is of two hours, a value every 20 seconds."""

import random

import pytest

from soak.verdict import Allowed, Verdict, judge, theil_sen

ALLOWED = Allowed(share=0.03, least=4.0)
HOURS, EVERY = 2.0, 20
TIMES = range(0, int(HOURS * 3600), EVERY)


def said(value, allowed=ALLOWED, seed=1):
    chance = random.Random(seed)
    return judge([(at, value(at / 3600, chance)) for at in TIMES], allowed)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_flat_but_for_noise_is_flat(seed):
    assert said(lambda _, chance: 200 + chance.gauss(0, 5), seed=seed).verdict is Verdict.FLAT


@pytest.mark.parametrize("minutes", [1, 4, 5.5, 7])
def test_a_saw_tooth_is_flat_however_high_its_teeth(minutes):
    period = minutes / 60
    one = said(lambda hours, chance: 200 + 120 * (hours % period) / period + chance.gauss(0, 2))
    assert one.verdict is Verdict.FLAT
    assert one.highest > 300


@pytest.mark.parametrize("seed", range(20))
def test_a_slow_leak_is_seen_through_the_noise(seed):
    one = said(lambda hours, chance: 200 + 7 * hours + chance.gauss(0, 5), seed=seed)
    assert one.verdict is Verdict.GROWS
    assert one.per_hour == pytest.approx(7, rel=0.5)


def test_a_leak_under_a_saw_tooth_is_seen():
    one = said(lambda hours, chance: 200 + 12 * hours + 80 * (hours % 0.08) / 0.08 + chance.gauss(0, 2))
    assert one.verdict is Verdict.GROWS


def test_a_leak_that_comes_in_steps_is_seen():
    assert said(lambda hours, _: 264 + 125 * int(hours * 3)).verdict is Verdict.GROWS


def test_a_step_at_the_start_is_warm_up():
    one = said(lambda hours, chance: (200 if hours < 0.4 else 500) + chance.gauss(0, 2))
    assert one.verdict is Verdict.FLAT
    assert one.before == pytest.approx(500, rel=0.02)


def test_one_odd_window_turns_no_line():
    assert said(lambda hours, chance: (900 if 1.7 < hours < 1.8 else 200) + chance.gauss(0, 2)).verdict is Verdict.FLAT


def test_what_sinks_is_flat():
    assert said(lambda hours, _: 500 - 100 * hours).verdict is Verdict.FLAT


def test_so_many_connections_more_are_allowed_and_one_beyond_them_is_not():
    few = Allowed(least=2)
    assert said(lambda hours, _: 8 + 1.2 * hours, few).verdict is Verdict.FLAT
    assert said(lambda hours, _: 8 + 2.0 * hours, few).verdict is Verdict.GROWS


def test_below_its_limit_a_figure_may_rise_and_above_it_it_grows():
    limit = Allowed(limit=1.0)
    assert said(lambda hours, _: 0.45 * hours, limit).verdict is Verdict.FLAT
    assert said(lambda hours, _: 0.6 * hours, limit).verdict is Verdict.GROWS
    assert said(lambda hours, _: (hours % 0.5) * 2.1, limit).verdict is Verdict.FLAT, "a vacuum comes each half hour"


@pytest.mark.parametrize("number", [0, 1, 2, 15])
def test_too_few_samples_say_nothing(number):
    assert judge([(at, 1.0) for at in range(number)], ALLOWED).verdict is Verdict.TOO_SHORT


def test_theil_and_sens_line_is_the_median_of_the_slopes():
    assert theil_sen([(0, 0), (1, 2), (2, 4), (3, 6), (4, 100)]) == pytest.approx(2)
