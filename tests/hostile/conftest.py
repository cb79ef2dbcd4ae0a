"""The real reader behind an embedder that costs nothing, and a shop that trusts as much as its rules let it."""

import subprocess
import sys

import pytest

from adapters.mime.jail import JailLimits
from domain.triage import Policy
from evaluation.hostile_letters import BASES, WAYS
from evaluation.hostile_shop import handlers, suppliers, trusting
from evaluation.hostile_trial import Count, Trial
from parts.answering import NoAnswers
from settings import ROOT
from tests.support.little_models import PlainEmbedder
from tests.support.pipeline import JAIL

# Less than the jail of the tests allows: what took longer is counted, and not only killed.
READING = JailLimits(deadline_seconds=20.0)
# Long enough for the detector of languages to be asked.
LONG = "The lamp that I ordered three weeks ago has not come yet, and nobody has written to me since."


def warm(trial: Trial) -> Trial:
    """What is loaded for a first mail is no mail's fault."""
    trial.mail("warming up", WAYS["below"](next(iter(BASES.values())), LONG).as_bytes())
    trial.count = Count()
    return trial


@pytest.fixture(scope="session")
def reader():
    from understanding.classifier import load_classifier
    from understanding.context import Context
    from understanding.reader import Reader, TenantReader

    models = ROOT / "var" / "models"
    subprocess.run([sys.executable, "-m", "commands.setup_models", str(models)], cwd=ROOT, check=True, timeout=600)
    classifier = load_classifier(models)
    return TenantReader(Reader(PlainEmbedder(classifier.engine), classifier), Context())


@pytest.fixture(scope="session")
def trial(reader):
    """Whoever tries something on it gives it a `count` of its own first."""
    return warm(Trial(JAIL, reader, handlers(NoAnswers("None.")), trusting(Policy()), suppliers(), reading=READING))
