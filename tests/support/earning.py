"""What a shop has earned that has checked its mail for a while, so that other tests have something released."""

from uuid import UUID

from domain.category import Category
from domain.earned import Earned
from storage import answer_standings, standings

MODEL = "plain"
"""The name of the little reader of the tests (tests/support/pipeline.py)."""


def earn(
    db, tenant: UUID, *categories: Category, threshold: float = 0.7, model: str = MODEL, answers: str = MODEL
) -> None:
    """As a worker leaves it: these categories (questions and refunds) are answered by themselves."""
    for category in categories or (Category.QUESTION, Category.REFUND):
        standing = Earned(threshold, 120, 110, 1, 0.035, 110 / 120)
        standings.save(db, tenant, standings.Row(category, 0.05, 1, standing), model)
    standing = Earned(threshold, 120, 110, 1, 0.035, 110 / 120)
    answer_standings.save(db, tenant, answer_standings.Row("quoted", f"{answers}/0", 0.05, 1, standing))
