# SPDX-License-Identifier: Apache-2.0
"""What docs/editors.md tells people to type is true of the files that ship."""
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/editors.md").read_text()
SNIPPETS = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.S)]
MODELINE = re.compile(r"^# yaml-language-server: \$schema=(\S+)$", re.M)
FILES = sorted([*ROOT.glob("examples/**/plant*.yaml"), *ROOT.glob("examples/**/maps/**/*.yaml"), *ROOT.glob("maps/**/*.yaml")])


def kind(path):
    return "plant" if path.name.startswith("plant") else "map"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_first_line_leads_to_the_schema(path):
    named = MODELINE.findall(path.read_text())
    assert len(named) <= 1
    if path.is_relative_to(ROOT / "examples"):
        assert named, "the examples say which schema they want"
    for schema in named:
        assert (path.parent / schema).resolve() == ROOT / f"schema/headgate-{kind(path)}.schema.json"


def test_settings_name_schemas_that_are_installed():
    schemas = SNIPPETS[0]["yaml.schemas"]
    assert len(schemas) == 2
    for schema, globs in schemas.items():
        name = pathlib.PurePosixPath(schema)
        assert str(name.parent) == "/usr/share/headgate/schema"
        words = json.loads((ROOT / "schema" / name.name).read_text())
        jsonschema.Draft7Validator.check_schema(words)
        here = ROOT / "examples/lac-des-iles"
        matched = [p for glob in globs if not glob.startswith("/") for p in here.glob(glob)]
        assert matched and {kind(p) for p in matched} == {"plant" if "plant" in name.name else "map"}
        for path in matched:
            document = json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))
            assert isinstance(document, dict)


def test_the_problem_matcher_takes_what_check_says(tmp_path):
    pattern = SNIPPETS[1]["tasks"][0]["problemMatcher"]["pattern"]
    bad = tmp_path / "plant.yaml"
    bad.write_text("format: 1\nsite: s\ngatewy: g\n")
    done = subprocess.run([os.environ["HEADGATE"], "check", str(bad)], capture_output=True, text=True, check=False)
    found = [m for m in map(re.compile(pattern["regexp"]).match, done.stdout.split("\n")) if m]
    assert done.returncode == 1 and found
    assert {m[pattern["file"]] for m in found} == {str(bad)}
    assert any(m[pattern["line"]] == "3" and "gateway" in m[pattern["message"]] for m in found)
