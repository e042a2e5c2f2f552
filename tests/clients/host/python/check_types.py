"""Code that `mypy --strict` must reject: a line with `type: ignore` that is valid is an error of its own."""

from newbee_client import ChangeKind, NewbeeClient, TaskInput, UserInput
from newbee_host import act, changes, record_tasks, register_users


def check(newbee: NewbeeClient) -> None:
    register_users(newbee, [UserInput(user_id="1", nickname="Ann")])  # type: ignore[call-arg]
    register_users(newbee, [UserInput(name="Ann")])  # type: ignore[call-arg]
    newbee.register_users(people=[])  # type: ignore[call-arg]
    ChangeKind.AWARD_PAID  # type: ignore[attr-defined]
    task = record_tasks(newbee, [TaskInput(user_id="1", item="fly", idempotency_key="a")])[0]
    task.award.amount  # type: ignore[union-attr]
    if task.award:
        task.award.business_day  # type: ignore[attr-defined]
        amount: float = task.award.amount  # type: ignore[assignment]
    act(newbee, [UserInput(user_id="1")])  # type: ignore[list-item]
    for page in changes(newbee):
        page.changes[0].user_id + ""  # type: ignore[operator]
