"""What is decided, from trainings that were never trained."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from typing import Any

import pytest

from pytest_kerasch2.accuracy import sequential_test
from pytest_kerasch2.accuracy.curve import Point
from pytest_kerasch2.accuracy.decision import GateDecision, GateVerdict
from pytest_kerasch2.accuracy.reference import Reference
from pytest_kerasch2.accuracy.reference_distribution import distribution_of
from pytest_kerasch2.accuracy.runs import CURVES, TrainingRun
from pytest_kerasch2.accuracy.settings import GateSettings
from pytest_kerasch2.errors import BadReference, GateFailed, GateUndecided, InvalidArgument
from pytest_kerasch2.stats import sequential
from tests.builders.synthetic_trainings import NEW, make_reference, run

pytest.importorskip("scipy", reason="distributions are SciPy's, of the extra `accuracy`")
SEEDS = make_reference()


def _decide(*runs: TrainingRun, by: Reference = SEEDS, **terms: Any) -> GateDecision:
    return sequential_test.decide(distribution_of(by, GateSettings(**terms)), runs)


def _runs(count: int = len(NEW), **off: float) -> list[TrainingRun]:
    return [run(seed, **off) for seed in NEW[:count]]


# The second of six lies far off in its test loss.
ONE_ODD = [run(NEW[0]), run(2000, test_loss=5.0), *_runs(5)[1:]]


def test_what_is_unchanged_passes_after_two_trainings() -> None:
    decision = _decide(*_runs())

    assert (decision.verdict, decision.passed, decision.seeds) == (GateVerdict.PASS, True, NEW[:2])


def test_one_training_is_never_enough_to_pass() -> None:
    decision = _decide(*_runs(1), margin=0.5)

    assert (decision.verdict, decision.reason) == (
        GateVerdict.UNDECIDED,
        "undecided after 1 training: no gate passes by fewer than 2",
    )


@pytest.mark.parametrize("off", [-8.0, 8.0], ids=["worse", "better"])
def test_a_test_accuracy_that_is_worse_or_too_good_fails(off: float) -> None:
    decision = _decide(*_runs(test_accuracy=off))

    assert decision.verdict is GateVerdict.FAIL
    assert Point("test_accuracy", 2) in {alarm.point for alarm in decision.alarms}


@pytest.mark.parametrize("series", ["loss", "accuracy", "test_loss"])
@pytest.mark.parametrize("off", [-5.0, 5.0])
def test_a_fault_that_leaves_the_test_accuracy_alone_fails(series: str, off: float) -> None:
    decision = _decide(*_runs(**{series: off}))

    assert (decision.verdict, {alarm.point.series for alarm in decision.alarms}) == (GateVerdict.FAIL, {series})


def test_a_fault_of_one_epoch_fails() -> None:
    slow_to_begin = [replace(one, test_loss=(one.test_loss[0] * 1.3, one.test_loss[1])) for one in _runs()]

    decision = _decide(*slow_to_begin)

    assert [alarm.point for alarm in decision.alarms] == [Point("test_loss", 1)]


def test_nothing_changed_at_all_raises_no_alarm() -> None:
    assert _decide(*_runs()).alarms == ()


def test_it_stops_at_the_first_look_that_decides() -> None:
    """A gross change is told by one training, a smaller one by two."""
    assert [len(_decide(*_runs(loss=off)).runs) for off in (20.0, 5.0)] == [1, 2]


@pytest.mark.parametrize(("epochs", "trainings"), [((0,), 2), ((1,), 2), ((0, 1), 1)])
def test_an_odd_epoch_of_one_training_is_no_change_by_itself(epochs: tuple[int, ...], trainings: int) -> None:
    def far_off(one: TrainingRun) -> TrainingRun:
        losses = tuple(9 * loss if epoch in epochs else loss for epoch, loss in enumerate(one.test_loss))
        return replace(one, test_loss=losses)

    decision = _decide(*map(far_off, _runs(2)))

    assert (decision.verdict, len(decision.runs)) == (GateVerdict.FAIL, trainings)


def test_what_comes_after_that_look_says_nothing() -> None:
    two = _runs(2)

    assert _decide(*two, *_runs(5, loss=20.0)) == _decide(*two)


def test_one_odd_seed_among_others_is_no_change() -> None:
    # So fine a margin that nothing ends it before.
    decision = _decide(*ONE_ODD, margin=0.002)

    assert (decision.verdict, len(decision.runs)) == (GateVerdict.UNDECIDED, 6)


def test_one_odd_seed_would_be_taken_for_a_change_if_the_others_were_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequential, "supported", lambda earlier, values, error: True)

    assert _decide(*ONE_ODD, margin=0.002).verdict is GateVerdict.FAIL


def test_two_odd_seeds_are_a_change() -> None:
    assert _decide(run(2000, test_loss=5.0), run(2001, test_loss=5.0)).verdict is GateVerdict.FAIL


def test_a_margin_too_fine_for_so_many_trainings_is_undecided() -> None:
    decision = _decide(*_runs(3), margin=0.004)

    assert (decision.verdict, len(decision.runs)) == (GateVerdict.UNDECIDED, 3)


def test_more_trainings_tell_more() -> None:
    assert [_decide(*_runs(count), margin=0.006).passed for count in (2, 10)] == [False, True]


def test_a_drop_by_the_margin_does_not_pass() -> None:
    """Of 200 trainings that are worse by what matters, two may pass on average; of these six there is none."""
    expected = distribution_of(SEEDS, GateSettings()).expected
    down = math.log((1 - expected + 0.008) / (1 - expected)) / 0.03

    actual = [_decide(*[run(10 * seed + k, test_accuracy=-down) for k in range(6)], margin=0.008) for seed in NEW]

    assert not any(one.passed for one in actual)


def test_the_evidence_of_a_pass() -> None:
    assert list(_decide(*_runs(), margin=0.01).evidence) == [
        "pass: the test accuracy is within 1.00 points of what is usual, and no place of the curve changed",
        "test accuracy after the last epoch: 0.9004, from 0.8941 to 0.9063; usual is 0.8999",
        "trainings: 2, with the seeds 1000, 1001",
        "margin 1.00 points: a drop of that size passes in at most 1 % of gates, and one of 1.65 points or more fails",
    ]


def test_the_evidence_of_a_fail_names_each_point() -> None:
    evidence = _decide(*_runs(test_accuracy=-8), margin=0.01).evidence

    worse = "worse than chance makes it: usual is 0.8999, and from 0.88 to 0.9165 would be chance (p = 5e-09)"
    assert evidence[0] == f"fail: 2 places of the curve changed, first {evidence[4]}"
    assert evidence[4] == f"test accuracy after epoch 2 is 0.8754, {worse}"
    assert evidence[5].startswith("test accuracy after epoch 1 is 0.753, worse than chance makes it")


def test_the_evidence_says_which_way_a_point_lies_off() -> None:
    better, worse = "better than chance makes it", "worse than chance makes it"
    by_name = {
        (series, off): str(_decide(*_runs(**{series: off})).alarms[0]) for series in CURVES for off in (-9.0, 9.0)
    }

    assert {key: better in text for key, text in by_name.items()} == {
        (series, off): (off > 0) == series.endswith("accuracy") for series in CURVES for off in (-9.0, 9.0)
    }
    assert all((better in text) != (worse in text) for text in by_name.values())


def test_the_evidence_of_undecided_says_what_could_be_told() -> None:
    evidence = _decide(*_runs(3), margin=0.004).evidence

    assert evidence[0] == "undecided after 3 trainings: 3 trainings tell 0.59 points at best"
    assert evidence[3].startswith("margin 0.40 points: ")


def test_the_interval_holds_what_is_expected_of_an_unchanged_training() -> None:
    decision = _decide(*_runs())

    assert decision.interval is not None
    assert decision.estimate is not None
    assert decision.interval[0] < decision.estimate < decision.interval[1]
    assert decision.interval[0] < decision.expected < decision.interval[1]


def test_a_decision_is_plain_data() -> None:
    plain = _decide(*_runs(test_accuracy=-8)).to_dict()

    assert json.loads(json.dumps(plain, allow_nan=False)) == json.loads(json.dumps(plain))
    assert (plain["verdict"], plain["alarms"][0]["series"], plain["runs"][0]["seed"]) == ("fail", "test_accuracy", 1000)


def test_a_pass_that_is_required_is_given() -> None:
    decision = _decide(*_runs())

    assert decision.require() is decision


def test_a_fail_that_is_required_says_what_changed_and_what_to_do() -> None:
    decision = _decide(*_runs(loss=9.0, accuracy=-9.0))

    with pytest.raises(GateFailed) as caught:
        decision.require()

    message = str(caught.value)
    assert message.startswith("fail: 4 places of the curve changed, first ")
    assert message.count(str(decision.alarms[0])) == 1
    assert all(str(alarm) in message for alarm in decision.alarms)
    assert message.endswith("Look at the points named, or calibrate anew if the change is meant.")


def test_of_many_points_a_few_are_told() -> None:
    by = make_reference(epochs=6)
    everything = dict.fromkeys(CURVES, 30.0)

    with pytest.raises(GateFailed) as caught:
        _decide(run(NEW[0], epochs=6, **everything), by=by).require()

    assert str(caught.value).count("(p = ") == 4
    assert "; and 20 more points. Look at " in str(caught.value)


def test_undecided_that_is_required_says_what_would_help() -> None:
    with pytest.raises(GateUndecided, match="Allow more trainings or a larger margin, or calibrate more seeds"):
        _decide(*_runs(3), margin=0.004).require()


def test_the_points_of_a_curve_share_the_rate_of_false_alarms() -> None:
    distribution = distribution_of(SEEDS, GateSettings(alpha=0.02))

    shares = {point: distribution.alpha_of(point) for point in distribution.samples}
    assert (len(shares), sum(shares.values())) == (8, pytest.approx(0.02))
    assert shares[distribution.metric_point] == pytest.approx(0.01)


def test_false_alarms_of_the_whole_curve_keep_to_the_rate() -> None:
    """A few hundred gates, each by a reference of its own; `evaluation/accuracy_rates.py` counts on real trainings."""
    drawn = random.Random(5)
    alarms = 0
    for _ in range(200):
        old, new = drawn.randrange(2**32), drawn.randrange(2**32)
        by = make_reference(20, 1, trained=lambda seed, epochs, old=old: run(old + seed, epochs))
        # So fine a margin that none passes before the third look.
        decision = _decide(*[run(new + k, 1) for k in range(3)], by=by, alpha=0.2, margin=1e-4)
        alarms += decision.verdict is GateVerdict.FAIL

    assert 0 < alarms / 200 <= 0.2


def test_who_allows_more_false_alarms_sees_smaller_changes() -> None:
    actual = [_decide(*_runs(2, loss=2.4), alpha=rate).verdict for rate in (0.001, 0.4)]

    assert actual == [GateVerdict.PASS, GateVerdict.FAIL]


def test_who_allows_more_misses_has_the_narrower_interval() -> None:
    tight, wide = (_decide(*_runs(2), beta=rate).interval for rate in (0.2, 0.001))

    assert tight is not None
    assert wide is not None
    assert wide[0] < tight[0] < tight[1] < wide[1]


def test_without_a_margin_what_is_unchanged_passes_nearly_always_after_two() -> None:
    ready = distribution_of(make_reference(300), GateSettings())

    actual = [sequential_test.decide(ready, [run(2 * seed), run(2 * seed + 1)]).passed for seed in range(1000, 1100)]

    assert sum(actual) >= 93


@pytest.mark.parametrize("seeds", [0, 1, 4])
def test_a_reference_of_too_few_seeds_is_refused(seeds: int) -> None:
    with pytest.raises(BadReference, match=f"at least 5 seeds, and this one has {seeds}. Calibrate more"):
        distribution_of(make_reference(seeds), GateSettings())


def test_five_seeds_are_enough() -> None:
    assert _decide(*_runs(), by=make_reference(5)).verdict is GateVerdict.PASS


def test_nothing_is_decided_from_nothing() -> None:
    with pytest.raises(InvalidArgument, match="no trainings to decide from"):
        _decide()


@pytest.mark.parametrize("epochs", [1, 3])
def test_fewer_or_more_epochs_than_the_reference_are_refused(epochs: int) -> None:
    message = f"with seed 1000 has {epochs} epochs?, and the reference has 2. Train for 2, or"

    with pytest.raises(InvalidArgument, match=message):
        _decide(run(1000, epochs))


@pytest.mark.parametrize("series", CURVES)
def test_a_series_that_is_shorter_than_the_others_is_refused(series: str) -> None:
    with pytest.raises(InvalidArgument, match="seed 1000 has 1 and 2 epochs"):
        _decide(replace(run(1000), **{series: (0.5,)}))


PERFECT = TrainingRun(0, (0.0, 0.0), (1.0, 1.0), (0.0, 0.0), (1.0, 1.0))
ALIKE = make_reference(trained=lambda seed, epochs: replace(PERFECT, seed=seed))


def test_seeds_that_all_agree_pass_what_agrees_with_them() -> None:
    decision = _decide(*[replace(PERFECT, seed=seed) for seed in NEW[:2]], by=ALIKE)

    assert (decision.verdict, decision.estimate, decision.expected) == (GateVerdict.PASS, 1.0, 1.0)


def test_seeds_that_all_agree_fail_what_does_not() -> None:
    losses = (0.1, 0.11)
    worse = [
        replace(PERFECT, seed=seed, test_accuracy=(1.0, 0.99), test_loss=(0.0, loss)) for seed, loss in zip(NEW, losses)
    ]

    decision = _decide(*worse, by=ALIKE)

    assert {alarm.point for alarm in decision.alarms} == {Point("test_accuracy", 2), Point("test_loss", 2)}


def test_a_loss_that_explodes_and_is_a_number_yet_fails() -> None:
    decision = _decide(*[replace(one, loss=(0.3, 1e38), test_loss=(0.3, 1e38)) for one in _runs()])

    assert (decision.verdict, decision.alarms[0].actual) == (GateVerdict.FAIL, pytest.approx(1e38))


@pytest.mark.parametrize("seeds", [5, 60])
@pytest.mark.parametrize("alpha", [0.01, 1e-300])
def test_a_reference_whose_seeds_agree_on_nothing_decides_nothing(seeds: int, alpha: float) -> None:
    def wild(seed: int, epochs: int) -> TrainingRun:
        drawn = random.Random(seed)
        losses, shares = [0.0, 1e-30, 1.0, 1e38], [0.0, 0.1, 0.99, 1.0]
        return TrainingRun(
            seed, *[tuple(drawn.choice(one) for _ in range(2)) for one in (losses, shares, losses, shares)]
        )

    decision = _decide(*_runs(3), by=make_reference(seeds, trained=wild), alpha=alpha, margin=0.01)

    assert decision.verdict is GateVerdict.UNDECIDED
    json.dumps(decision.to_dict(), allow_nan=False)
