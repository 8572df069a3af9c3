# SPDX-License-Identifier: Apache-2.0
"""The tag list, read again by parsers that nobody here wrote, and held against other witnesses."""
import csv
import html.parser
import io
import json
import os
import pathlib
import re
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADGATE = os.environ["HEADGATE"]
EXAMPLE = ROOT / "examples/lac-des-iles/plant.yaml"
ENVIRONMENT = {**os.environ, "HEADGATE_MAPS": str(ROOT / "maps")}

HOSTILE = [
    "a|b\\|c\\\\|d", "<script>alert(1)</script>", "</td></table><img src=x onerror=alert(1)>", "'\"><b>&amp;",
    "=cmd|' /C calc'!A0", "+1+1", "-2+3+cmd", "@SUM(1+1)", "| --- | --- |", "# not a heading", "- no item",
    "`code` *bold* _slanted_ [link](javascript:alert(1))", "line one\nline two", "\u202egnirts",
    "12. no list", "semi;colon,comma\"quote\"", "<!-- comment", "&lt;b&gt;", "\uff1d1+1", "{{7*7}} ${jndi:x}",
    "--- ", "é水💧",
]


def run(*words, status=0):
    done = subprocess.run([HEADGATE, *map(str, words)], capture_output=True, env=ENVIRONMENT, timeout=60, check=False)
    assert done.returncode == status, done.stderr.decode()
    return done.stdout.decode()


def shown(text):
    """As it is shown: what turns or steers is a sign of its own, a new line is a gap."""
    return re.sub("[\u202a-\u202e]", "\ufffd", text)


def words_of(text):
    return " ".join(shown(text).replace("; ", " ").split())


@pytest.fixture(scope="module", name="hostile")
def hostile_plant(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plant")
    (folder / "maps").mkdir()
    tags = {f"t{i}": {"at": f"holding {i}", "type": "u16", "about": text, "enum": {0: text}} for i, text in enumerate(HOSTILE)}
    tags["level"] = {"at": "input 5", "type": "f32", "unit": "m", "valid": [-5, 16], "deadband": 0.5}
    (folder / "maps" / "bad.yaml").write_text(yaml.safe_dump(
        {"format": 1, "title": HOSTILE[1], "source": HOSTILE[0], "verified": "invented", "tags": tags}, sort_keys=False))
    plant = {"format": 1, "site": "s", "gateway": "g", "lines": {"l": {"connect": "tcp://127.0.0.1:1"}},
             "areas": {"a": {"title": HOSTILE[2]}},
             "devices": {"d": {"map": "bad", "line": "l", "unit": 1, "area": "a"}},
             "derived": {f"a/d/x{i}": {"of": {"v": "a/d/level"}, "is": f"v + {i}", "about": text} for i, text in enumerate(HOSTILE)},
             "alarms": {f"a/d/al{i}": {"tag": "a/d/level", "above": i + 1, "about": text, "consequence": text,
                                       "response": text} for i, text in enumerate(HOSTILE)},
             "equipment": {f"e{i}": {"class": "pump", "area": "a", "floor": "1 m", "water": "a/d/level", "about": text,
                                     "owner": text} for i, text in enumerate(HOSTILE)}}
    file = folder / "plant.yaml"
    file.write_text(yaml.safe_dump(plant, sort_keys=False))
    return file


# ---- CSV ----------------------------------------------------------------------------------------

def rows_of(text):
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def test_csv_carries_hostile_words_and_starts_no_formula(hostile):
    rows = {row["tag"]: row for row in rows_of(run("docs", "--format", "csv", hostile))}
    for i, text in enumerate(HOSTILE):
        for cell in (rows[f"a/d/t{i}"]["about"], rows[f"a/d/x{i}"]["about"]):
            assert words_of(cell.removeprefix("'") if not text.startswith("'") else cell) == words_of(text)
    for row in rows.values():
        for name, cell in row.items():
            if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\uff1d"):
                float(cell)
                assert name in ("valid_low", "valid_high"), (name, cell)
    assert rows["a/d/level"]["valid_low"] == "-5" and rows["a/d/level"]["deadband"] == "0.5"
    assert "a/d/al3: > 4 m" in rows["a/d/level"]["alarms"]


def test_csv_says_what_the_plan_and_the_maps_say():
    rows = {row["tag"]: row for row in rows_of(run("docs", "--format", "csv", EXAMPLE))}
    plan = json.loads(run("plan", "--json", EXAMPLE))
    read = 0
    for line in plan["lines"]:
        for request in line["requests"]:
            for tag in request["tags"]:
                row = rows[f"{tag['device']}/{tag['tag']}"]
                read += 1
                assert (row["line"], row["connect"], row["unit_id"]) == (line["line"], line["connect"], str(request["unit"]))
                assert (row["table"], row["address"], row["words"]) == \
                    (request["table"], str(tag["address"]), str(tag["words"]))
                assert row["type"] == tag["type"]
                assert row["topic"] == f"mine/v1/lac-des-iles/value/{row['tag']}"
    assert read == plan["tags_read"] and len(rows) == plan["tags"]
    for row in rows.values():
        if row["file"].endswith(".yaml") and row["map"]:
            lines = pathlib.Path(row["file"]).read_text().split("\n")
            line = lines[int(row["file_line"]) - 1]
            # Its own line, or that of a bit's word, or one that stands for several.
            assert re.match(rf"  {re.escape(row['name'].split('.')[0])}:", line) or \
                re.search(rf"{row['bit']}: .*{re.escape(row['name'].split('.')[-1].split('_')[0])}", line) or "{" in line, (row, line)
    source = yaml.safe_load(EXAMPLE.read_text())
    for path, rule in source["derived"].items():
        assert rows[path]["expression"].removeprefix("'") == str(rule["is"])
    for path, rule in source["alarms"].items():
        assert f"{path}: " in rows[rule["tag"]]["alarms"]


def test_doc_numbers_are_the_makers(tmp_path):
    (tmp_path / "maps").mkdir()
    for name, base in (("b", 40001), ("z", 0), ("o", 1)):
        (tmp_path / "maps" / f"{name}.yaml").write_text(
            f"format: 1\ndoc_base: {{holding: {base}}}\ntags: {{a: {{at: holding 7, type: u16}}}}\n")
    (tmp_path / "maps" / "n.yaml").write_text("format: 1\ntags: {a: {at: input 7, type: u16}, c: {at: holding 12000, "
                                              "type: u16}, d: {at: discrete 3, type: bool}, e: {at: holding 1, bit: 3, type: u16}}\n")
    devices = {k: {"map": k, "line": "l", "unit": i + 1, "area": "a"} for i, k in enumerate("bzon")}
    plant = tmp_path / "plant.yaml"
    plant.write_text(yaml.safe_dump({"format": 1, "site": "s", "gateway": "g", "lines": {"l": {"connect": "tcp://127.0.0.1:1"}},
                                     "areas": {"a": "A"}, "devices": devices}))
    rows = {row["tag"]: row["doc"] for row in rows_of(run("docs", "-f", "csv", plant))}
    assert rows == {"a/b/a": "40008", "a/z/a": "7", "a/o/a": "8", "a/n/a": "30008", "a/n/c": "412001",
                    "a/n/d": "10004", "a/n/e": "40002.3"}


def test_new_words_of_maps_and_plants_are_told(tmp_path):
    (tmp_path / "maps").mkdir()
    (tmp_path / "maps" / "m.yaml").write_text("""
format: 1
identify: {tag: serial}
tags:
  setpoint: {at: holding 9, type: u16, scale: 0.1, unit: m, valid: [0, 50], write: {limits: [0, 50]}}
  command: {at: coil 3, write: {}, danger: true}
  other: {at: holding 10, type: u16, write: {limits: [0, 7]}}
  energy: {at: [input 44, input 42], type: u16, weights: [10000, 1], unit: kWh}
  unit_code: {at: holding 20, type: u16}
  level: {at: holding 21, type: u16, mul_from: {tag: unit_code, factors: {0: 1, 2: 0.0980665}}, unit: m}
  serial: {at: holding 30, type: u32, order: CDAB, read: once}
  spare: {at: holding 40, type: u16, read: on_demand, verified: device}
  extra: {at: holding 60, type: u16, optional: true}
""")
    plant = tmp_path / "plant.yaml"
    plant.write_text("""
format: 1
site: s
gateway: g
lines: {l: {connect: "tcp://127.0.0.1:5999"}}
areas: {mill: Mill}
devices: {p: {map: m, line: l, unit: 1, area: mill, identity: "4711"}}
commands: {allow: [write, replay], writes: {mill/p/setpoint: {limits: [10, 40]}, mill/p/command: {danger: true}}}
""")
    rows = {row["name"]: row for row in rows_of(run("docs", "-f", "csv", plant))}
    assert [(rows[n]["may_write"], rows[n]["write_low"], rows[n]["write_high"]) for n in ("setpoint", "command", "other", "extra")] \
        == [("allowed", "10", "40"), ("allowed", "", ""), ("not allowed", "0", "7"), ("", "", "")]
    assert rows["level"]["values"] == "0: x 1, 2: x 0.0980665" and rows["level"]["scaling"] == "x a factor by unit_code"
    assert [rows[n]["period_ms"] for n in ("serial", "spare", "extra")] == ["", "", "1000"]
    assert rows["serial"]["order"] == "CDAB" and rows["spare"]["verified"] == "device"
    text = run("docs", plant)
    for part in ("input 44, 42", "danger<br>may be written", "once a connection", "on demand", "not on every model", "4711",
                 "| mill/p/setpoint | holding 9 | 6 | 10 | 40 | m |"):
        assert part in text, part


# ---- HTML ---------------------------------------------------------------------------------------

class Page(html.parser.HTMLParser):
    VOID = {"meta", "col", "br", "wbr"}
    ALLOWED = {"html": {"lang"}, "head": set(), "meta": {"charset", "name", "content", "http-equiv"}, "title": set(),
               "style": set(), "body": set(), "h1": set(), "h2": set(), "h3": set(), "p": {"class"}, "table": set(),
               "colgroup": set(), "col": {"style"}, "thead": set(), "tbody": set(), "tr": set(), "th": set(),
               "td": {"class"}, "br": set(), "wbr": set()}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.cells, self.rows, self.text = [], [], [], []

    def handle_starttag(self, tag, attributes):
        assert tag in self.ALLOWED and {name for name, _ in attributes} <= self.ALLOWED[tag], (tag, attributes)
        if tag == "tr":
            self.cells = []
        if tag in ("td", "th", "p", "h1", "h2", "h3"):
            self.text = []
        if tag == "br":
            self.text.append("\n")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag in ("td", "th"):
            self.cells.append("".join(self.text))
        if tag == "tr":
            self.rows.append(self.cells)
        if tag == "table":
            self.tables = getattr(self, "tables", [])
            self.tables.append(self.rows)
            assert {len(row) for row in self.rows} == {len(self.rows[0])}
            self.rows = []

    def handle_data(self, data):
        self.text.append(data)

    def handle_comment(self, data):
        raise AssertionError(data)


def page_of(text):
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == []
    return page


def test_html_carries_hostile_words_and_nothing_else(hostile):
    text = run("docs", "--format", "html", hostile)
    assert text.startswith("<!DOCTYPE html>") and "default-src 'none'" in text
    cells = {words_of(cell) for table in page_of(text).tables for row in table for cell in row}
    for words in HOSTILE:
        assert words_of(words) in cells, words
    for forbidden in ("<script", "javascript:alert(1)\"", "url(", "@import", "src=\"", "href="):
        assert forbidden not in text


def test_html_of_the_example_has_every_tag():
    page = page_of(run("docs", "--format", "html", EXAMPLE))
    first = {row[0] for table in page.tables for row in table}
    for row in rows_of(run("docs", "--format", "csv", EXAMPLE)):
        assert row["name"] in first or row["tag"] in first, row["tag"]


# ---- Markdown -----------------------------------------------------------------------------------

def split_row(line):
    """As GitHub splits: at pipes without a backslash before them, even within code."""
    assert line.startswith("|") and line.endswith("|")
    cells = re.split(r"(?<!\\)(?:\\\\)*\|", line[1:-1])
    return [cell.strip() for cell in cells]


def plain(cell):
    cell = cell.replace("<br>", "\n")
    cell = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", cell)
    return cell.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def tables_of(text):
    tables, current = [], None
    for line in text.split("\n"):
        if line.startswith("|"):
            current = current if current is not None else []
            current.append(split_row(line))
        elif current is not None:
            tables.append(current)
            current = None
    for table in tables:
        assert {len(row) for row in table} == {len(table[0])}, table[0]
        assert all(re.fullmatch(r"-{3}|--:", cell) for cell in table[1])
    return tables


def test_markdown_carries_hostile_words_in_their_cells(hostile):
    text = run("docs", hostile)
    cells = {words_of(plain(cell)) for table in tables_of(text) for row in table for cell in row}
    for words in HOSTILE:
        assert words_of(words) in cells, words
    outside = [line for line in text.split("\n") if line and not line.startswith("|")]
    for line in outside:
        assert not re.search(r"<[a-zA-Z/!]", line), line
    assert [line for line in outside if line.startswith("# ")] == ["# Tag list: s"]


def test_markdown_of_the_example_has_tables_of_one_width():
    assert len(tables_of(run("docs", EXAMPLE))) > 40


# ---- the verb -----------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["md", "csv", "html"])
def test_the_same_day_gives_the_same_bytes(kind, tmp_path):
    words = ["docs", "--date", "2026-11-23", "--format", kind, EXAMPLE]
    first = run(*words)
    assert run(*words) == first
    assert kind == "csv" or "2026-11-23" in first
    assert run(*words[:-1], "--output", tmp_path / "list", EXAMPLE) == ""
    assert (tmp_path / "list").read_bytes().decode() == first
    assert [p.name for p in tmp_path.iterdir()] == ["list"]


def test_what_cannot_be_written_is_no_success(tmp_path):
    run("docs", "--output", tmp_path / "no" / "list", EXAMPLE, status=1)
    for words in (["--date", "yesterday"], ["--date", "2026-02-31"], ["--date", ""], ["--format", "pdf"], []):
        run("docs", *words, *([EXAMPLE] if words else []), status=2)
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([HEADGATE, "docs", str(EXAMPLE)], stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False)
    assert done.returncode == 1 and b"cannot write" in done.stderr
