"""What a host application does with newbee, typed. The regions are the examples of README.md."""

# region client
from newbee_client import ActInput, ChangeKind, NewbeeClient, TaskInput, UserInput
from newbee_client.act_for_users import ActForUsersActForUsersResults as ActResult
from newbee_client.changes import ChangesChanges as ChangePage
from newbee_client.record_tasks import RecordTasksRecordTasksResults as TaskResult


def create_newbee(url: str, api_key: str) -> NewbeeClient:
    """Returns a client. One client can be shared by threads."""
    return NewbeeClient(url, headers={"Authorization": f"Bearer {api_key}", "Accept-Language": "en"})
# endregion


# region operations
from typing import Any, TypeVar

Value = TypeVar("Value")


def present(value: Value | None) -> Value:
    """A field of the root is null only beside an error, which the client has raised."""
    if value is None:
        raise ValueError("newbee returned null without an error")
    return value


def register_users(newbee: NewbeeClient, users: list[UserInput]) -> list[str]:
    """Registers users, and returns a line for each that was refused."""
    refused = present(newbee.register_users(users).register_users).refused
    return [f"{one.user_id}: {one.code.value}: {one.message}" for one in refused]


def record_tasks(newbee: NewbeeClient, tasks: list[TaskInput]) -> list[TaskResult]:
    """Reports tasks. After a failure, send the same tasks again: each idempotency key is paid once."""
    return present(newbee.record_tasks(tasks).record_tasks).results


def act(newbee: NewbeeClient, acts: list[ActInput]) -> list[ActResult]:
    """Acts for users. An act is one of `sign_in`, `submit_word`, `set_invitation` and `reserve`."""
    return present(newbee.act_for_users(acts).act_for_users).results


def forget(newbee: NewbeeClient, user_id: str, reason: str) -> Any:
    """Hands over what is stored about a person, then erases it."""
    export = newbee.export_user(user_id).user_export
    refused = present(newbee.erase_user(user_id, reason).erase_user).refused
    if refused:
        raise ValueError(f"{refused.code.value}: {refused.message}")
    return export
# endregion


# region changes
from collections.abc import Iterator

# Kinds that this host applies. It does not receive kinds that a later version of newbee adds, which the generated enum lacks.
KINDS = [
    ChangeKind.AWARD_MADE,
    ChangeKind.AWARD_SETTLED,
    ChangeKind.AWARD_VOIDED,
    ChangeKind.AWARD_REVERSED,
    ChangeKind.DAY_CLOSED,
]


def changes(newbee: NewbeeClient, after: str | None = None) -> Iterator[ChangePage]:
    """Returns the pages of changes, and waits for the next one. Store `position` in the transaction that applies a page."""
    while True:
        # The timeout is longer than the wait; the HTTP client's own is 5 seconds.
        page = present(newbee.changes(after=after, kinds=KINDS, wait_seconds=20, timeout=30).changes)
        yield page
        after = page.position
# endregion
