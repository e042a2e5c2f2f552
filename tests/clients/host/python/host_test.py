"""Requires the generated client, a server at ADMIN_URL, its API key with all scopes of a host, and the endpoint `closed`."""

import json
import os
import secrets
import unittest
import urllib.error
import urllib.request
from datetime import date, timedelta
from decimal import Decimal
from threading import Thread

from newbee_client import ActInput, GrantLineInput, SetInvitationActInput, SignInActInput, TaskInput, UserInput
from newbee_client.changes import ChangesChanges as ChangePage
from newbee_client.exceptions import GraphQLClientHttpError
from newbee_host import act, changes, create_newbee, forget, present, record_tasks, register_users

URL, KEY = os.environ["ADMIN_URL"], os.environ["ADMIN_KEY"]
NEWBEE = create_newbee(URL, KEY)
USERS = [UserInput(user_id="201", name="Cat", code="CAT201"), UserInput(user_id="202", name="Dan")]


def me(key: str) -> object:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(URL.replace("/admin", ""), b'{"query":"{ me { name } }"}', headers)
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)["data"]["me"]


class Host(unittest.TestCase):
    """The tests run in the order of their names."""

    def test_1_users_are_registered_once(self) -> None:
        refused = register_users(NEWBEE, [*USERS, UserInput(user_id="203", code="TOO-LONG-A-CODE")])
        self.assertEqual(len(refused), 1)
        self.assertRegex(refused[0], r"^203: [A-Z_]+: .+\.$")
        again = present(NEWBEE.register_users(USERS).register_users)
        self.assertEqual((again.registered, again.updated, again.unchanged), (0, 0, 2))

    def test_2_a_session_key_works_until_it_is_revoked(self) -> None:
        key = secrets.token_urlsafe(24)
        registered = present(NEWBEE.register_session("201", key, 3600).register_session)
        self.assertIsNone(registered.refused)
        self.assertEqual(me(key), {"name": "Cat"})
        self.assertEqual(present(NEWBEE.revoke_sessions("201").revoke_sessions).ended, 1)
        with self.assertRaises(urllib.error.HTTPError) as refused:
            me(key)
        self.assertEqual(refused.exception.code, 401)
        refused.exception.close()

    def test_3_tasks_and_acts_are_paid_once(self) -> None:
        task = TaskInput(user_id="201", item="join_group", target_id="7", idempotency_key="py-1")
        unknown = TaskInput(user_id="201", item="fly", idempotency_key="py-2")
        first, again, refused = record_tasks(NEWBEE, [task, task, unknown])
        self.assertEqual((present(first.award).amount, first.repeated, again.repeated), (Decimal(10), False, True))
        self.assertEqual(present(refused.refused).code.value, "ITEM_UNKNOWN")
        signed_in, bound = act(NEWBEE, [
            ActInput(sign_in=SignInActInput(user_id="202", idempotency_key="py-3")),
            ActInput(set_invitation=SetInvitationActInput(user_id="202", idempotency_key="py-4", parent_code="cat201")),
        ])
        self.assertEqual(present(signed_in.award).item, "sign_in")
        self.assertIsNone(bound.refused)

    def test_4_the_pages_of_changes_end_with_one_that_is_awaited(self) -> None:
        received, position = [], ""
        for page in changes(NEWBEE):
            received += page.changes
            position = page.position
            if not page.has_more:
                break
        days = [one.award.business_day for one in received if one.award and one.user_id == "202" and one.award.item == "sign_in"]
        self.assertEqual(len(days), 1)
        self.assertLessEqual(abs(days[0] - date.today()), timedelta(days=1))
        pages: list[ChangePage] = []
        waiting = Thread(target=lambda: pages.append(next(changes(NEWBEE, position))))
        waiting.start()
        record_tasks(NEWBEE, [TaskInput(user_id="201", item="join_group", target_id="8", idempotency_key="py-5")])
        waiting.join()
        self.assertEqual([(one.kind.value, one.user_id) for one in pages[0].changes], [("AWARD_MADE", "201")])

    def test_5_a_grant_is_tried_made_and_repeated(self) -> None:
        lines = [GrantLineInput(user_id="201", amount=Decimal("12.5"), coin_id="1", label="first place")]
        tried = present(NEWBEE.grant_awards("py-grant", lines, "a contest", dry_run=True).grant_awards)
        self.assertEqual((tried.grant, tried.sums[0].amount), (None, Decimal("12.5")))
        made = present(NEWBEE.grant_awards("py-grant", lines, "a contest").grant_awards)
        self.assertEqual((present(made.grant).award_count, made.repeated), (1, False))
        self.assertTrue(present(NEWBEE.grant_awards("py-grant", lines, "a contest").grant_awards).repeated)

    def test_6_the_reply_of_an_endpoint_that_does_not_listen_is_an_error(self) -> None:
        reply = present(NEWBEE.test_endpoint("closed").test_endpoint)
        self.assertEqual((reply.accepted, reply.status, reply.problems), (False, None, []))
        self.assertTrue(reply.error)

    def test_7_a_person_is_handed_over_and_erased(self) -> None:
        self.assertIn('"Cat"', json.dumps(forget(NEWBEE, "201", "the user asked for it")))
        self.assertFalse(present(NEWBEE.erase_user("201", "again").erase_user).changed)
        self.assertNotIn('"Cat"', json.dumps(forget(NEWBEE, "201", "again")))

    def test_8_a_request_with_another_key_fails(self) -> None:
        with self.assertRaises(GraphQLClientHttpError) as refused:
            register_users(create_newbee(URL, "nbk_another.key"), USERS)
        self.assertEqual(refused.exception.status_code, 401)


if __name__ == "__main__":
    unittest.main()
