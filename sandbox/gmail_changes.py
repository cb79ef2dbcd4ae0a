"""Play the Gmail methods on history, labels and push watches."""

from typing import Any

from sandbox import gmail_view as view
from sandbox.gmail_call import GmailCall
from sandbox.gmail_errors import invalid, not_found
from sandbox.gmail_records import SYSTEM_LABELS

WATCH_LIFE_S = 7 * 86_400


def list_history(call: GmailCall) -> dict[str, Any]:
    """Records after startHistoryId; 404 below the floor, and for ids that were never given out."""
    box = call.mailbox
    text = call.param("startHistoryId")
    if not text.isdigit():
        raise invalid("Invalid value at 'startHistoryId'" if text else "Missing required parameter: startHistoryId")
    start = int(text)
    if not box.history_floor <= start <= box.history_id:
        raise not_found()
    kinds = set(call.params.get("historyTypes", ())) or set(view.HISTORY_KEYS)
    if not kinds <= set(view.HISTORY_KEYS):
        raise invalid("Invalid value at 'history_types'")
    label = call.param("labelId")
    shown: list[dict[str, Any]] = []
    answer: dict[str, Any] = {"historyId": str(box.history_id)}
    last = 0
    for record in box.since(call.cursor[0] if call.cursor else start):
        if record.kind not in kinds or (label and label not in (*record.labels, *record.changed)):
            continue
        if len(shown) == call.page_size:
            answer["nextPageToken"] = call.next_page((last, 0))
            break
        shown.append(view.history_record(record))
        last = record.id
    if shown:
        answer["history"] = shown
    return answer


def list_labels(call: GmailCall) -> dict[str, Any]:
    return {"labels": [view.label(call.mailbox, key) for key in (*SYSTEM_LABELS, *call.mailbox.labels)]}


def get_label(call: GmailCall) -> dict[str, Any]:
    if call.ids[0] not in SYSTEM_LABELS and call.ids[0] not in call.mailbox.labels:
        raise not_found()
    return view.label(call.mailbox, call.ids[0], counts=True)


def create_label(call: GmailCall) -> dict[str, Any]:
    """409 when a label or system label has this name already, in any case."""
    name = call.json().get("name", "")
    return view.label(call.mailbox, call.mailbox.create_label(name if isinstance(name, str) else ""))


def delete_label(call: GmailCall) -> dict[str, Any]:
    label_id = call.ids[0]
    if label_id in SYSTEM_LABELS:
        raise invalid("Invalid delete request")
    if label_id not in call.mailbox.labels:
        raise not_found()
    for mail in list(call.mailbox.newest_first(label_id)):
        call.mailbox.relabel(mail, [], [label_id])
    del call.mailbox.labels[label_id]
    call.world.changed("mailbox", call.mailbox.address)
    return {}


def watch(call: GmailCall) -> dict[str, Any]:
    """Accepted and remembered for seven days; nothing is ever pushed. One topic at a time."""
    topic = call.json().get("topicName", "")
    if not isinstance(topic, str) or not topic.startswith("projects/"):
        raise invalid("Invalid topicName does not match projects/*/topics/*")
    now = call.world.clock()
    box = call.mailbox
    if box.watching and box.watching["expires_at"] > now and box.watching["topic"] != topic:
        raise invalid("Only one user push notification client allowed per developer (call /stop then try again)")
    box.watching = {"topic": topic, "expires_at": now + WATCH_LIFE_S}
    return {"historyId": str(box.history_id), "expiration": str(int((now + WATCH_LIFE_S) * 1000))}


def stop(call: GmailCall) -> dict[str, Any]:
    call.mailbox.watching = {}
    return {}
