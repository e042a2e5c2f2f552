"""A host application that receives newbee's webhooks: python3 host.py, with Python 3.9 or newer and nothing else.

NEWBEE_WEBHOOK_SECRETS  secrets of the endpoint, separated by spaces; two while one replaces the other
PORT                    port to listen on (default 8090)
DATABASE                file of its data (default host.sqlite)

It verifies the signature of every request, applies every change once, and compares the days that newbee closed with the
awards that it received. GET /state shows the result.
"""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

SECRETS = [base64.b64decode(secret.removeprefix("whsec_")) for secret in os.environ["NEWBEE_WEBHOOK_SECRETS"].split()]
TOLERANCE = 5 * 60  # seconds
MOST_BYTES = 1_000_000
LOCK = Lock()
SIGN = {"AWARD_SETTLED": 1, "AWARD_REVERSED": -1}

database = sqlite3.connect(os.environ.get("DATABASE", "host.sqlite"), check_same_thread=False, isolation_level=None)
database.executescript("""
    pragma journal_mode = wal;
    pragma synchronous = full;
    create table if not exists changes (id text primary key, kind text not null, user_id text, award_id text);
    create table if not exists balances (user_id text, coin_id text, amount integer not null, primary key (user_id, coin_id));
    create table if not exists made (day text, item text, coin_id text, awards integer not null, amount integer not null,
                                     primary key (day, item, coin_id));
    create table if not exists closed_days (day text primary key, differences text not null);
    create table if not exists counters (name text primary key, value integer not null);
    insert or ignore into counters values ('repeated', 0), ('requests', 0);
""")


def is_authentic(headers, body):
    """Returns whether a request is from newbee, and recent: Standard Webhooks."""
    identity, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isdigit() or abs(time.time() - int(at)) > TOLERANCE:
        return False
    signed = f"{identity}.{at}.".encode() + body
    expected = ["v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in SECRETS]
    received = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(one, other) for one in expected for other in received)


def units(amount):
    """Returns an amount such as "10.0000" in ten-thousandths: floating-point numbers cannot represent every amount."""
    whole, _, fraction = amount.partition(".")
    return int(whole + fraction.ljust(4, "0"))


def apply(change):
    """Applies one change, unless it was applied before."""
    award = change["award"]
    try:
        database.execute("insert into changes values (?, ?, ?, ?)",
                         (change["id"], change["kind"], change["userId"], award and award["id"]))
    except sqlite3.IntegrityError:
        database.execute("update counters set value = value + 1 where name = 'repeated'")
        return
    if change["kind"] == "AWARD_MADE":
        database.execute("insert into made values (?, ?, ?, 1, ?) on conflict do update set awards = awards + 1, "
                         "amount = amount + excluded.amount",
                         (award["businessDay"], award["item"], award["coinId"], units(award["amount"])))
    elif change["kind"] in SIGN:
        database.execute("insert into balances values (?, ?, ?) on conflict do update set amount = amount + excluded.amount",
                         (change["userId"], award["coinId"], SIGN[change["kind"]] * units(award["amount"])))
    elif change["kind"] == "DAY_CLOSED":
        day = change["day"]["day"]
        database.execute("insert into closed_days values (?, ?)", (day, json.dumps(reconcile(day, change["day"]["totals"]))))


def reconcile(day, totals):
    """Compares the totals of a closed day with the awards that were received; returns the differences."""
    theirs = {(total["item"], total["coinId"]): (total["awards"], units(total["amount"])) for total in totals}
    rows = database.execute("select item, coin_id, awards, amount from made where day = ?", (day,))
    ours = {(item, coin): (awards, amount) for item, coin, awards, amount in rows}
    keys = sorted(theirs.keys() | ours.keys())
    return [{"item": item, "coinId": coin, "newbee": theirs.get((item, coin)), "received": ours.get((item, coin))}
            for item, coin in keys if theirs.get((item, coin)) != ours.get((item, coin))]


def receive(message):
    """Applies a message in one transaction: a crash in between leaves nothing half done, and newbee sends it again."""
    with LOCK:
        database.execute("begin immediate")
        try:
            database.execute("update counters set value = value + 1 where name = 'requests'")
            for change in message["data"].get("changes", []):
                apply(change)
            database.execute("commit")
        except BaseException:
            database.execute("rollback")
            raise


def state():
    with LOCK:
        rows = lambda sql: database.execute(sql).fetchall()
        return {
            **dict(rows("select name, value from counters")),
            "changes": rows("select count(*) from changes")[0][0],
            "kinds": dict(rows("select kind, count(*) from changes group by kind")),
            "balances": {f"{user}/{coin}": amount for user, coin, amount in rows("select * from balances order by 1, 2")},
            "closedDays": {day: json.loads(differences) for day, differences in rows("select * from closed_days")},
        }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(min(length, MOST_BYTES))
        if length > MOST_BYTES or not is_authentic(self.headers, body):
            return self.reply(401, {"error": "the signature is not valid"})
        receive(json.loads(body))
        self.reply(200, {})

    def do_GET(self):
        self.reply(200, state())

    def reply(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8090"))), Handler)
    print(f"listening on http://127.0.0.1:{server.server_port}/hooks", flush=True)
    server.serve_forever()
