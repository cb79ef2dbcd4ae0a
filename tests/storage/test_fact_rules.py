"""What a workspace wishes of facts is read from its policy, whatever stands there."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain.facts import FactRules
from storage.tenants import Tenant


def rules(**settings) -> FactRules:
    return Tenant(uuid4(), "a", "A", answering=True, knowledge_version="", settings=settings).fact_rules()


def test_without_a_word_orders_count_for_a_day_and_a_person_tells_of_incidents():
    assert rules() == FactRules(timedelta(hours=24), incident_replies=False, web_search=True)


def test_a_workspace_may_wish_otherwise():
    wished = rules(order_hours=48, incident_replies=True, web_search=False)
    assert wished == FactRules(timedelta(hours=48), incident_replies=True, web_search=False)


@pytest.mark.parametrize("hours", [0, -1, 10**9, "48", None, 1.5, [], {}])
def test_nonsense_counts_as_nothing(hours):
    assert rules(order_hours=hours, incident_replies="yes", web_search="no") == FactRules()
