"""`flask train`: learn the classifier anew from the examples, and say what it scored."""

import json
import time
from pathlib import Path

import click

from commands.settings_of import services_for
from understanding.train import CARD, EXAMPLES
from understanding.train import train as learn


@click.command("train")
@click.option(
    "--examples", type=click.Path(exists=True, file_okay=False, path_type=Path), default=EXAMPLES,
    help="A folder of JSON Lines, as understanding/examples/ is.",
)  # fmt: skip
def train(examples: Path) -> None:
    """Learn the classifier from the examples, and write it with its card (counts, scores, calibration).

    The same examples give the same files, byte for byte. The programs take the new model when they start again.
    """
    with services_for("explain") as services:
        begun = time.monotonic()
        card = learn(examples, services.settings.models_dir, services.embedder, click.echo, anew=True)
        click.echo(f"Trained in {time.monotonic() - begun:.0f} s; the card is {services.settings.models_dir / CARD}:")
    click.echo(json.dumps(card, indent=2, ensure_ascii=False))
