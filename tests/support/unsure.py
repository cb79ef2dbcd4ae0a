"""A reader that leaves a language model something to be asked."""

from dataclasses import replace

from tests.support.pipeline import PlainReader


class UnsureReader(PlainReader):
    """Takes every mail for what it is, and is not sure of it: the model is asked."""

    def read(self, messages, context):
        return [replace(one, confidence=0.6) for one in super().read(messages, context)]
