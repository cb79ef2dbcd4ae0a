"""The language model is away: the local models decide, more waits for people, and they read why."""

from datetime import timedelta
from functools import cached_property

import pytest

from adapters.llm.language_model import LanguageModel
from sandbox.llm import LanguageModels, serve
from tests.support.little_models import UnsureReader
from tests.support.llm import choice_for, with_model
from tests.support.outages import Ground, pass_time, read
from tests.support.pipeline import TestServices

TEN_MINUTES = timedelta(minutes=10)


class UnsureServices(TestServices):
    ground: Ground
    models: LanguageModels

    @property
    def reader(self):
        return UnsureReader()

    @cached_property
    def language_model(self):
        return LanguageModel(choice_for(self.models), self.ground.time)


@pytest.fixture
def own_models() -> LanguageModels:
    """A server that the test starts and stops, always at the same port."""
    models = LanguageModels()
    with serve(models):
        pass
    return models


@pytest.fixture
def services(settings, ground, own_models):
    built = UnsureServices(with_model(settings, own_models))
    built.ground, built.models = ground, own_models
    yield built
    built.close()


def port_of(models: LanguageModels) -> int:
    return int(models.base_url.rpartition(":")[2])


def test_without_the_language_model_mail_waits_for_people_who_read_why(ground, shop, letters, own_models, browser):
    shop.settle()
    with serve(own_models, port_of(own_models)):
        letters.write("answered")
        pass_time(ground, shop, TEN_MINUTES, lambda: letters.all_ended)
    for _ in range(4):
        # Away, what it would have been sure of is a person's.
        letters.write("doubted")
        pass_time(ground, shop, TEN_MINUTES)
    assert letters.all_ended
    alert = read(browser, "/alerts")
    assert "no answer The language model has not answered for" in alert
    assert "Mail is handled without it, so that more of it waits for you. Nothing is lost" in alert
    [row] = shop.rows("SELECT conversation_id FROM decision WHERE disposition = 'hold' ORDER BY created_at LIMIT 1")
    page = read(browser, f"/conversations/{row.conversation_id}")
    assert "could not be reached" in page
    with serve(own_models, port_of(own_models)):
        letters.write("answered")
        pass_time(ground, shop, timedelta(minutes=20))
        letters.write("answered")
        pass_time(ground, shop, TEN_MINUTES, lambda: letters.all_ended)
        letters.check()
    assert "Nothing needs looking at." in read(browser, "/alerts")
