"""A mail of which the local models are not sure, so that a language model is asked about it as well."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from adapters.llm import second_opinion
from sandbox.llm import LanguageModels
from tests.points.world import DoomedServices, World
from tests.support.little_models import UnsureReader
from tests.support.llm import with_model


class SecondOpinion(DoomedServices):
    @property
    def reader(self):
        return UnsureReader()


def asked_of_a_model(models: LanguageModels, world: World) -> None:
    models.reset()
    world.services.settings = with_model(world.services.settings, models)
    # A thread that is killed would not take its process along, as a kill does: what it does is done in ours.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(second_opinion, "side_by_side", one_after_the_other)
        world.shop.write("question: when does my parcel come?", "Parcel", from_name="Anna Winter")
        world.shop.sync_and_settle()


def one_after_the_other(do: Callable[[Any], Any], given: Sequence[Any], **_: float) -> list[Any]:
    return [do(one) for one in given]
