#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A historian that proves to itself that it misses nothing: one gateway's history and events, from MQTT
into PostgreSQL. docs/historians.md tells why each step is there.

    historian.py --broker 127.0.0.1:1883 --root headgate/site --gateway gw1 --db "dbname=plant"

Rows are committed before they are acknowledged, under the key (gateway, epoch, lane, seq). A number that
is left out is asked for with cmd/GATEWAY/replay until it is there. SIGTERM ends it; SIGKILL may."""
import argparse
import json
import signal
import sys
import time
import uuid

import paho.mqtt.client as mqtt
import psycopg2
from paho.mqtt.packettypes import PacketTypes
from psycopg2.extras import execute_values

BATCH = 200                 # rows in one commit
ASK_AT_ONCE = 500           # numbers in one replay: a broker keeps 1000 messages for a slow client
ANSWER_WITHIN_S = 10
AGAIN_AFTER_S = 0.5
AGAIN_AT_LEAST_S = 60
GIVE_UP_AFTER = 15          # answers "nothing of that is kept" to one question

TABLES = """
create table if not exists frames (
    gateway text, epoch bigint, lane text, seq bigint,  -- the key
    first bigint not null,      -- of a gap: the first number that it stands for; else seq
    topic text not null, body text not null,
    primary key (gateway, epoch, lane, seq));
create table if not exists differing (gateway text, epoch bigint, lane text, seq bigint, body text);
create table if not exists lost (gateway text, epoch bigint, lane text, low bigint, high bigint, why text);
create table if not exists counts (name text primary key, n bigint not null);
"""
HOLES = """
select epoch, lane, top + 1, first - 1 from
    (select epoch, lane, first, max(seq) over (partition by epoch, lane order by seq
        rows between unbounded preceding and 1 preceding) as top
     from frames where gateway = %s) as f where first > top + 1 order by 1, 2, 3
"""


class Acknowledging(mqtt.Client):
    """Acknowledges when it is told to, not when on_message returns. paho 2 has manual_ack_set."""

    def __init__(self, *words, **options):
        super().__init__(*words, **options)
        self.unacknowledged = []

    def _send_puback(self, mid):
        self.unacknowledged.append(mid)
        return mqtt.MQTT_ERR_SUCCESS

    def acknowledge(self):
        for mid in self.unacknowledged:
            super()._send_puback(mid)
        self.unacknowledged = []


class Numbers:
    """Which numbers of one epoch and lane are here: all from began to top, but for the holes."""

    def __init__(self):
        self.began = self.top = None
        self.holes = []         # (low, high), rising

    def take(self, low, high):
        if self.top is None:
            self.began, self.top = low, high
            return
        if low > self.top + 1:
            self.holes.append((self.top + 1, low - 1))
        elif high < self.began - 1:
            self.holes.insert(0, (high + 1, self.began - 1))
        self.began, self.top = min(self.began, low), max(self.top, high)
        left = []
        for a, b in self.holes:
            if b < low or a > high:
                left.append((a, b))
                continue
            left += [(a, low - 1)] if a < low else []
            left += [(high + 1, b)] if b > high else []
        self.holes = left

    def expect(self, high):
        """Said to have been sent long ago."""
        if self.top is not None and high > self.top:
            self.holes.append((self.top + 1, high))
            self.top = high


class Historian:
    def __init__(self, options):
        self.o = options
        self.db = psycopg2.connect(options.db)
        with self.db, self.db.cursor() as c:
            c.execute(TABLES)
        self.lanes = {f"{options.root}/history/{options.gateway}/": "history",
                      f"{options.root}/event/{options.gateway}": "event"}
        self.stats_topic = f"{options.root}/stats/{options.gateway}"
        self.expected = {}      # what was sent by the time of the stats before, and what was here then
        self.reply_topic = f"{options.root}/reply/{options.gateway}/{options.name}"
        self.batch, self.numbers, self.newest_epoch = [], {}, 0
        self.question = None    # what was asked for and not answered yet
        self.rests, self.refusals = {}, {}     # of what was asked for: how long it rests, until when
        self.ending = False
        self.remember()
        self.client = Acknowledging(client_id=options.name, protocol=mqtt.MQTTv5)
        self.client.on_connect = self.on_connect
        self.client.on_subscribe = self.on_subscribe
        self.client.on_message = self.on_message

    # ---- what is stored

    def remember(self):
        """What was here when this began: a kill may have come at any moment."""
        with self.db, self.db.cursor() as c:
            c.execute("select epoch, lane, min(first), max(seq) from frames where gateway = %s group by 1, 2",
                      [self.o.gateway])
            for epoch, lane, low, high in c.fetchall():
                self.numbers_of(epoch, lane).take(low, high)
            c.execute(HOLES, [self.o.gateway])
            for epoch, lane, low, high in c.fetchall():
                self.numbers_of(epoch, lane).holes.append((low, high))
            c.execute("select epoch, lane, low, high from lost where gateway = %s", [self.o.gateway])
            for epoch, lane, low, high in c.fetchall():
                self.numbers_of(epoch, lane).take(low, high)

    def numbers_of(self, epoch, lane):
        self.newest_epoch = max(self.newest_epoch, epoch)
        return self.numbers.setdefault((epoch, lane), Numbers())

    def store(self):
        """Commits, then acknowledges: what was acknowledged is here, whatever happens next."""
        rows = {r[:4]: r for r in self.batch}
        with self.db, self.db.cursor() as c:
            if rows:
                new = execute_values(c, "insert into frames (gateway, epoch, lane, seq, first, topic, body) values %s "
                                        "on conflict do nothing returning gateway, epoch, lane, seq",
                                     list(rows.values()), page_size=BATCH + 100, fetch=True)
                self.twice(c, {k: r for k, r in rows.items() if k not in set(new)}, len(self.batch) - len(new))
        for _, epoch, lane, seq, first, _, _ in rows.values():
            self.numbers_of(epoch, lane).take(first, seq)
        self.batch = []
        self.client.acknowledge()

    def twice(self, c, known, times):
        """A second delivery has the same content, or the gateway lied."""
        self.count(c, "duplicates", times)
        if not known:
            return
        c.execute("select gateway, epoch, lane, seq, body from frames where (gateway, epoch, lane, seq) in %s",
                  [tuple(known)])
        for *key, body in c.fetchall():
            if known[tuple(key)][6] != body:
                c.execute("insert into differing values (%s, %s, %s, %s, %s)", (*key, known[tuple(key)][6]))

    @staticmethod
    def count(c, name, n):
        if n:
            c.execute("insert into counts values (%s, %s) on conflict (name) do update set n = counts.n + excluded.n",
                      [name, n])

    # ---- what comes

    def on_connect(self, client, *_):
        client.subscribe([(f"{prefix}#" if prefix.endswith("/") else prefix, 1) for prefix in self.lanes] +
                         [(self.reply_topic, 1), (self.stats_topic, 0)])

    def on_subscribe(self, *_):
        with self.db, self.db.cursor() as c:
            self.count(c, "subscribed", 1)

    def on_message(self, client, me, m):
        if m.topic == self.reply_topic:
            self.answered(json.loads(m.payload))
            return
        if m.topic == self.stats_topic:
            self.compare(json.loads(m.payload))
            return
        lane = next((lane for prefix, lane in self.lanes.items() if m.topic.startswith(prefix)), None)
        try:
            frame = json.loads(m.payload)
            first = frame["gap"]["from_seq"] if "gap" in frame else frame["seq"]
            row = (frame["gateway"], int(frame["epoch"]), lane, int(frame["seq"]), int(first), m.topic,
                   m.payload.decode())
        except (ValueError, KeyError, TypeError) as e:
            print(f"not a frame, on {m.topic}: {e}", flush=True)
            return
        if row[0] == self.o.gateway and lane:
            self.batch.append(row)

    # ---- what is missing

    def compare(self, stats):
        """A jump shows what is missing in between; that the newest ones are missing shows here. Stats
        may overtake rows: only what had been sent by the time of the stats before, with nothing come
        since, is missing."""
        self.store()
        for lane in self.lanes.values():
            key, said = (stats["epoch"], lane), stats["lanes"][lane]
            numbers = self.numbers_of(*key)
            sent, top = self.expected.get(key, (0, None))
            if top == numbers.top:
                numbers.expect(sent)
            self.expected[key] = (said["acquired"] - said["waiting"], numbers.top)

    def answered(self, reply):
        if not self.question or reply.get("id") != self.question["id"] or reply.get("status") == "accepted":
            return
        where = self.question["where"]
        self.question = None
        if reply["status"] == "done":
            return              # the rows came before this answer; what still is missing is asked again
        print(f"replay of {where}: {reply.get('error')}", flush=True)
        if "kept" in reply.get("error", ""):
            self.refusals[where] = self.refusals.get(where, 0) + 1
            if self.refusals[where] >= GIVE_UP_AFTER:
                self.give_up(*where, reply["error"])

    def give_up(self, epoch, lane, low, high, why):
        with self.db, self.db.cursor() as c:
            c.execute("insert into lost values (%s, %s, %s, %s, %s, %s)", (self.o.gateway, epoch, lane, low, high, why))
        self.numbers_of(epoch, lane).take(low, high)

    def ask(self):
        now = time.monotonic()
        if self.question and now - self.question["at"] > ANSWER_WITHIN_S:
            self.question = None
        if self.question or not self.client.is_connected():
            return
        for (epoch, lane), numbers in self.numbers.items():
            if epoch != self.newest_epoch:
                for low, high in list(numbers.holes):
                    self.give_up(epoch, lane, low, high, "the gateway has begun a new journal")
        wanted = [(*key, low, min(high, low + ASK_AT_ONCE - 1)) for key, n in self.numbers.items() for low, high in n.holes]
        # What can't be had (a topic that the broker denies) is asked for ever more seldom.
        self.rests = {w: self.rests[w] for w in wanted if w in self.rests}
        where = next((w for w in wanted if w not in self.rests or now >= self.rests[w][1]), None)
        if not where:
            return
        pause = min(AGAIN_AT_LEAST_S, 1.5 * self.rests[where][0] if where in self.rests else AGAIN_AFTER_S)
        self.rests[where] = (pause, now + pause)
        self.question = {"id": uuid.uuid4().hex, "at": now, "where": where}
        _, lane, low, high = where
        properties = mqtt.Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = self.reply_topic
        command = {"id": self.question["id"], "client": self.o.name, "sent": int(time.time() * 1000), "lane": lane,
                   "from_seq": low, "to_seq": high}
        self.client.publish(f"{self.o.root}/cmd/{self.o.gateway}/replay", json.dumps(command), 1, False, properties)
        with self.db, self.db.cursor() as c:
            self.count(c, "asked", high - low + 1)

    # ---- for ever

    def connect(self):
        """Takes up the session that the broker has kept, or begins one that it will keep."""
        host, port = self.o.broker.rsplit(":", 1)
        properties = mqtt.Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 14 * 24 * 3600
        self.batch, self.client.unacknowledged, self.question = [], [], None
        try:
            self.client.connect(host, int(port), 5, clean_start=False, properties=properties)
            return True
        except OSError:
            return False

    def run(self):
        connected = False
        while not self.ending:
            if not connected:
                connected = self.connect()
            if not connected:
                time.sleep(0.3)
                continue
            before = len(self.batch)
            connected = self.client.loop(0 if self.batch else 0.05) == mqtt.MQTT_ERR_SUCCESS
            if not connected or len(self.batch) in (before, BATCH):
                self.store()
                self.ask()
        self.store()
        self.client.disconnect()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", default="127.0.0.1:1883")
    parser.add_argument("--root", required=True, help="root/site of the plant file")
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--db", required=True, help="as libpq wants it")
    parser.add_argument("--name", default="historian", help="this client's, the same at every start")
    historian = Historian(parser.parse_args())

    def end(*_):
        historian.ending = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    historian.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
