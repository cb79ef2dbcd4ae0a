from datetime import timedelta

import pytest

from domain.ladder import resumed
from domain.supplier_request import LADDER, Rung, RungKind

REMIND, ALERT = RungKind.REMIND, RungKind.ALERT
HOUR = timedelta(hours=1)
ALERT_ALONE = (Rung(ALERT, 10 * HOUR),)
ALERT_FIRST = (Rung(ALERT, HOUR), Rung(REMIND, 2 * HOUR))


@pytest.mark.parametrize(("ladder", "reminded", "alerted", "done"), [
    (LADDER, 0, 0, 0), (LADDER, 1, 0, 1), (LADDER, 2, 0, 2), (LADDER, 2, 1, 3), (LADDER, 5, 1, 3),
    (ALERT_ALONE, 0, 0, 0), (ALERT_ALONE, 2, 0, 0), (ALERT_ALONE, 2, 1, 1),
    (ALERT_FIRST, 1, 0, 0), (ALERT_FIRST, 0, 1, 1), (ALERT_FIRST, 1, 1, 2), ((), 1, 1, 0),
])  # fmt: skip
def test_a_changed_ladder_goes_on_at_the_first_rung_that_nothing_stands_for(ladder, reminded, alerted, done):
    assert resumed(ladder, {REMIND: reminded, ALERT: alerted}) == done
