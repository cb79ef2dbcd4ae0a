"""Which figures are judged, and what is told of them."""

import re

import pytest
from lxml import etree

from settings import ROOT
from soak.__main__ import main, samples_of
from soak.figures import KINDS, Sample, calls_autovacuum, judged, per_mail
from soak.pace import half_of
from soak.picture import picture
from soak.report import Told, exit_code, last_line, table
from soak.verdict import Verdict

RUN = {
    "pace full": 1000.0,
    "pace cores": 0.7,
    "pace mails": 120.0,
    "run cores": 0.2,
    "run restarts": 0.0,
    "run missed": 0.0,
    "desk pages": 10.0,
    "desk approved": 2.0,
    "desk dismissed": 3.0,
    "desk away": 0.0,
}


def sample(at, **growing):
    mails = 2.0 * at
    rows = 1000 + mails
    return Sample(
        float(at),
        {
            **RUN,
            "mails delivered": 1000 + mails,
            "mails decided": 1000 + mails,
            "database size": 1e7 + 17_000 * mails,
            "memory web": 300.0 + growing.get("leak", 0.0) * at,
            "handles web": 31.0,
            "redis-keys all": 7.0,
            "cost all": 80.0 + growing.get("cost", 0.0) * at,
            "connections app": 8.0,
            "redis-clients all": 15.0,
            "beside google": 5e7,
            "rows message": rows,
            "dead message": 0.5,
            "bytes message": 3000.0 + growing.get("bloat", 0.0) * at,
            "died message": 0.0,
            "rows tiny": 2.0,
            "died tiny": 0.0,
            "dead tiny": 0.1,
            "bytes tiny": 16_384.0 + growing.get("tiny", 0.0) * at,
        },
    )


def run(**growing):
    return Told([sample(at, **growing) for at in range(0, 7200, 20)])


def grown(told):
    return [name for name, one in told.judged.items() if one.verdict is Verdict.GROWS]


def test_a_run_in_which_only_rows_grow_is_flat():
    told = run()
    assert grown(told) == []
    assert exit_code(told) == 0
    assert last_line(told) == "soak: minutes 120 mails 14360 figures 12 flat 12 grow 0 too_short 0 restarts 0"


@pytest.mark.parametrize(
    ("growing", "name"),
    [({"leak": 0.01}, "memory web"), ({"bloat": 0.2}, "bytes message"), ({"tiny": 50.0}, "bytes tiny")],
)
def test_what_grows_is_named_and_fails_the_run(growing, name):
    told = run(**growing)
    assert grown(told) == [name]
    assert exit_code(told) == 1
    assert [line for line in table(told).splitlines() if line.endswith("grows   |")]


def test_a_table_of_few_rows_may_waste_some_pages():
    assert grown(run(tiny=2.0)) == []


def dying(each_second, vacuumed_every):
    """A run with a table of two rows that are changed so often, and whose dead rows are taken so often."""
    return [
        Sample(
            one.at,
            {
                **one.values,
                "died tiny": each_second * one.at,
                "dead tiny": each_second * (one.at % vacuumed_every) / calls_autovacuum(one.values, "tiny"),
            },
        )
        for one in run().samples
    ]


NEVER = 1e9


@pytest.mark.parametrize(
    ("each_second", "vacuumed_every", "grows"),
    [
        (0.1, 400, []),
        (0.1, NEVER, ["dead tiny"]),
        (34, 60, []),
        (34, 73, []),
        (34, 240, ["dead tiny"]),
        (34, NEVER, ["dead tiny"]),
    ],
)
def test_dead_rows_are_taken_at_each_look_of_autovacuum(each_second, vacuumed_every, grows):
    assert grown(Told(dying(each_second, vacuumed_every))) == grows


def test_a_table_that_is_written_ever_more_for_each_mail_grows_though_it_is_vacuumed():
    rewritten = [
        Sample(one.at, {**one.values, "died tiny": 0.001 * one.at * one.at, "dead tiny": 0.1}) for one in run().samples
    ]
    assert grown(Told(rewritten)) == ["changed tiny"]


def test_a_program_that_was_started_again_fails_the_run():
    last = sample(7200)
    told = Told([*run().samples, Sample(7200.0, {**last.values, "run restarts": 1.0})])
    assert exit_code(told) == 1


def test_a_short_run_says_that_it_was_too_short():
    told = Told(run().samples[:5])
    assert {one.verdict for one in told.judged.values()} == {Verdict.TOO_SHORT}
    assert exit_code(told) == 2


def test_what_naturally_grows_is_told_for_each_mail_and_not_judged():
    told = run()
    grows = per_mail(told.samples)
    assert grows["database size"] == pytest.approx(17_000)
    assert grows["rows message"] == pytest.approx(1)
    assert not set(grows) & set(told.judged)


def test_mails_that_cost_more_and_more_are_seen():
    assert grown(run(cost=0.005)) == ["cost all"]
    assert grown(run(cost=0.001)) == []


def test_every_kind_of_figure_has_a_bound():
    assert all(one.allowed.share or one.allowed.least or one.allowed.limit for one in KINDS.values())


def test_a_figure_that_is_new_in_the_middle_is_judged_from_there():
    late = [Sample(one.at, {**one.values, "connections late": 1.0}) if one.at > 3600 else one for one in run().samples]
    assert judged(late)["connections late"].verdict is Verdict.FLAT


@pytest.mark.parametrize(("full", "at_most", "mails", "half"), [(200, 120, 100, True), (1000, 120, 120, False)])
def test_the_pace_is_half_of_the_full_one_or_what_was_asked_for(full, at_most, mails, half):
    pace = half_of(full, 0.5, at_most)
    assert (pace.mails, pace.is_half) == (mails, half)


def test_a_run_is_told_of_again_by_its_samples_alone(tmp_path, capsys):
    lines = ["{" + f'"at": {one.at}, ' + str(dict(one.values)).replace("'", '"')[1:] for one in run().samples]
    assert [one.at for one in samples_of(lines)] == [one.at for one in run().samples]
    file = tmp_path / "samples.jsonl"
    file.write_text("\n".join(lines))
    assert main(["--again", str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == last_line(run())


def test_the_picture_draws_each_curve_within_its_panel():
    drawn = etree.fromstring(picture(run(leak=0.01).samples, "two hours & more"))
    curves = drawn.findall(".//{*}polyline")
    assert len(curves) >= 6
    for curve in curves:
        points = [tuple(map(float, pair.split(","))) for pair in curve.get("points").split()]
        assert all(0 <= x <= 460 and 0 <= y <= 230 for x, y in points)
    words = " ".join(text.text for text in drawn.findall(".//{*}text"))
    assert re.search(r"Memory, MiB.*web", words)


def test_the_docs_name_every_kind_of_figure():
    words = (ROOT / "docs" / "soak.md").read_text()
    assert [kind.what for kind in KINDS.values() if f"| {kind.what} |" not in words] == []
