"""How one says in English that something was done."""

from domain.claims.grammar import Language, rules
from domain.claims.shared import COMMON
from domain.order_action import Action

WORDS = {
    "refund": "refund refunds reimbursement reimbursements repayment repayments chargeback rebate",
    "money": "money amount amounts payment sum price cost costs postage charge charges fee fees total balance deposit"
    " difference cash funds",
    "order": "order orders purchase purchases subscription subscriptions booking bookings membership reservation",
    "cancellation": "cancellation cancelation",
    "exchange": "exchange exchanges swap",
    "replacement": "replacement replacements substitute",
    "item": "item items lamp article product shoes",
    "new": "new another",
    "document": "invoice invoices link links mail mails email emails code codes password passwords receipt receipts"
    " confirmation confirmations label labels message messages address addresses date catalogue catalog copy voucher"
    " vouchers form forms policy policies information info details news offer offers version parcel package"
    " delay delays aware mistake mistakes error errors progress our"
    " shipment delivery instructions tracking time times quote",
    "request": "request requests enquiry inquiry application claim",
    "account": "account accounts card cards bank paypal wallet statement",
    "currency": "eur euro euros usd dollar dollars gbp pound pounds chf francs € $ £ ¥",
    "refunded": "refunded reimbursed repaid recredited",
    "returned": "credited returned transferred reversed wired",
    "cancelled": "cancelled canceled voided",
    "exchanged": "exchanged swapped",
    "replaced": "replaced reshipped",
    "sent": "sent made shipped dispatched posted mailed paid remitted released",
    "processed": "processed issued completed initiated arranged approved granted authorised authorized executed"
    " triggered finalised finalized submitted started accepted carried settled raised placed applied",
    "done": "complete confirmed done finished through finalised ready",
    "underway": "underway pending",
    "left": "left",
    "have": "have has ve s had",
    "been": "been was were got",
    "is": "is are am m re",
    "we": "we i weve ive",
    "you": "your yours",
    "reader": "you",
    "not": "not never no t cannot cant wont hasnt havent isnt wasnt werent arent didnt dont doesnt neither nor none"
    " nobody without nothing unable couldnt shouldnt wouldnt",
    "if": "if once when whenever until unless before whether after till provided",
    "may": "can could may might would must",
    "will": "will ll shall should",
    "and": "and or but",
    "any": "a an any",
    "which": "that which who whose",
    "for": "for against",
    "now": "now already today",
    "back": "back",
    "confirm": "confirm confirming",
    "help": "need questions question help want wish like doubts check look have anything",
    "arrive": "arrive reach appear show land hit",
    "see": "see receive get have find",
    "to_refund": "refund reimburse",
    "to_cancel": "cancel",
    "to_exchange": "exchange swap",
    "to_replace": "replace",
    "to_process": "process issue complete arrange make",
    "refunding": "refunding reimbursing crediting repaying",
    "cancelling": "cancelling canceling",
    "processing": "processing issuing making completing arranging sending",
    "sending": "shipping dispatching posting",
}

PHRASES = {
    "underway": "being processed;being issued;being made;being sent;being transferred;on its way;being returned;"
    "being refunded;being credited;being paid;being repaid;being reversed;being wired;heading your way;coming your way;"
    "on the way;on their way;in progress;under way;en route;in transit;with your bank",
    "just": "were able to;was able to;managed to;went ahead to",
    "left": "gone out;went out;gone through;went through;gone off;went off;gone back;went back",
    "cancelled": "called off;taken off the system;removed from our system;taken out of our system",
    "processed": "put through;put in;taken care of;took care of;dealt with;seen to;sorted out",
    "sent": "sent out;paid out;re shipped",
    "refund": "credit of;store credit;credit note",
    "account": "credit card;debit card",
    "have": "consider it;consider yourself",
    "got": "have received;ve received;already received;received back",
    "may": "to be;to look;to check;to review;look into;looking into;looked into",
    "returned": "put back;given back;gave back;paid back;sent back to your account",
    "other": "not only;no doubt;no problem;no worries;no longer;as soon as possible;do not hesitate;don t hesitate;"
    "not to worry;after checking;after reviewing;after looking;why not;gone ahead and;went ahead and",
    "if": "should you;should the;should your;should it;"
    "as soon as;in case;as long as;so that;in order;of receiving;of receipt;of your return;only then",
}

ASKS = "has have had was were is are did does do can could would will what when where which who why how whether"

ENGLISH = Language(WORDS, PHRASES, ASKS, (
    *COMMON,
    *rules(
        Action.REFUND,
        "we gap6 refunded",
        "reader have been gap2 returned few3 amount",
        "thus refunded other money/amount",
        "we act4 processed/sent gap7 refund no_document no_request",
        "we gap4 returned gap8 money/amount",
        "we gap4 returned few4 account",
        "just few4 refund",
    ),
    *rules(
        Action.REFUND,
        "refund/money span will few2 arrive",
        "refund/money span will few4 account",
        "you refund other arrive",
        "reader few2 will few3 see few3 refund/money",
        "reader few2 got gap3 refund no_request",
        "account will few2 arrive few2 refund/money",
        "we is few3 sending/processing gap4 refund",
        soft=True,
    ),
    *rules(Action.CANCEL, "we gap5 cancelled", "we gap3 processed gap5 cancellation"),
    *rules(Action.EXCHANGE, "we gap5 exchanged no_paper", "we gap3 processed gap4 exchange"),
    *rules(
        Action.REPLACEMENT, "we gap4 sent gap6 replacement", "we gap4 sent gap4 fresh", "we gap4 replaced no_document",
    ),
    *rules(Action.REPLACEMENT, "we is few3 processing/sending gap4 replacement", soft=True),
))  # fmt: skip
