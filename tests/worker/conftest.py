import pytest

from tests.support import pipeline
from tests.support.pipeline import Shop


@pytest.fixture
def google():
    with pipeline.running_google() as google:
        yield google


@pytest.fixture
def shop(google, settings, workspace):
    with pipeline.services_over(settings, google) as services:
        yield Shop(google, services, workspace, pipeline.connect_mailbox(google, services, workspace))
