"""One handler per category. A handler decides, never acts."""

from collections.abc import Mapping

from domain.category import Category
from domain.ports import Answers, Handler, Orders
from handlers.facts import Facts
from handlers.looked import WithLook
from handlers.other import OtherHandler
from handlers.question import QuestionHandler
from handlers.refund import RefundHandler
from handlers.supplier import SupplierHandler


def handlers_for(
    answers: Answers, orders: Orders, refunds: RefundHandler, facts: Facts | None = None
) -> Mapping[Category, Handler]:
    """A handler for every category there is."""
    questions = WithLook(answers, lambda heard: QuestionHandler(heard, orders, facts or Facts(orders)))
    return {
        Category.QUESTION: questions,
        Category.REFUND: refunds,
        Category.SUPPLIER: SupplierHandler(),
        Category.OTHER: OtherHandler(questions),
    }
