"""The parameter file: what can't be used is refused in one sentence, with the next step."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runbook_lib.errors import ParameterError
from runbook_lib.notebook.parameters import parse_parameters, read_parameters, resolve_paths
from runbook_lib.notebook.repository import repository_top
from runbook_lib.notebook.yaml_values import parse_yaml, render_yaml
from runbook_lib.site import Site, parse_site

TOP = repository_top()
LAB = TOP / "parameters" / "lab.yaml"


def refusal(text: str) -> str:
    with pytest.raises(ParameterError) as caught:
        parse_parameters(text, "x.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "x.yaml is empty. See parameters/lab.yaml for its shape."),
        ("# only this\n", "x.yaml is empty. See parameters/lab.yaml for its shape."),
        ("- a\n", "x.yaml is a list, not a mapping with the key site. See parameters/lab.yaml for its shape."),
        ("hello", "x.yaml is just 'hello', not a mapping with the key site. See parameters/lab.yaml for its shape."),
        ("sight: {}\n", "x.yaml: 'sight' is no top-level key. Did you mean 'site'?"),
        (
            "site: {}\nfault: stop\n",
            "x.yaml: 'fault' is no top-level key. "
            "All parameters stand under the one key site; those of a notebook are given with -p.",
        ),
        (
            "site:\n",
            "x.yaml: site is empty, not a mapping. "
            "Write site: {} for the chapter's lab. See parameters/lab.yaml for its shape.",
        ),
        (
            "site: [1]\n",
            "x.yaml: site is a list, not a mapping. "
            "Write site: {} for the chapter's lab. See parameters/lab.yaml for its shape.",
        ),
        (
            "site:\n  weight: 1\n  vip: x\n  weight: 2\n",
            "x.yaml, line 4: weight stands there twice. Correct it there; YAML goes by its indentation.",
        ),
        (
            "site: {}\nsite: {}\n",
            "x.yaml, line 2: site stands there twice. Correct it there; YAML goes by its indentation.",
        ),
        (
            "site: [\n",
            "x.yaml, line 2: expected the node content, but found '<stream end>'. "
            "Correct it there; YAML goes by its indentation.",
        ),
        (
            "site: {}\n---\nsite: {}\n",
            "x.yaml, line 2: found another document. Correct it there; YAML goes by its indentation.",
        ),
        (
            "site: !!python/name:os.system\n",
            "x.yaml, line 1: could not determine a constructor for the tag 'tag:yaml.org,2002:python/name:os.system'. "
            "Correct it there; YAML goes by its indentation.",
        ),
        (
            "? [a]\n: 1\n",
            "x.yaml, line 1: a list or a mapping is no name. Correct it there; YAML goes by its indentation.",
        ),
        (
            "site: \x00\n",
            'x.yaml: unacceptable character #x0000: special characters are not allowed in "<unicode string>", '
            "position 6. Write the file as plain text.",
        ),
        ("[" * 1000, "x.yaml is nested too deeply. See parameters/lab.yaml for its shape."),
    ],
)
def test_refused_text(text: str, said: str) -> None:
    assert refusal(text) == said


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    file = tmp_path / "latin.yaml"
    file.write_bytes("site: {}  # Z\xfcrich\n".encode("latin-1"))
    with pytest.raises(ParameterError) as caught:
        read_parameters(file, TOP)
    assert str(caught.value) == f"{file} is not UTF-8: byte 13 is 0xfc. Save it as UTF-8."


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ParameterError) as caught:
        read_parameters(tmp_path / "none.yaml", TOP)
    assert str(caught.value) == (
        f"{tmp_path}/none.yaml can't be read: there is no such file. "
        "Ready-made ones: parameters/lab.yaml, parameters/chapter-vms.yaml."
    )


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="can't be read: Is a directory"):
        read_parameters(tmp_path, TOP)


def test_a_merged_key_may_be_overridden() -> None:
    values = parse_yaml("base: &b {port: 1}\nother:\n  <<: *b\n  port: 2\n", "x")
    assert values == {"base": {"port": 1}, "other": {"port": 2}}


def test_a_byte_order_mark_is_no_part_of_the_key() -> None:
    assert parse_parameters("\ufeffsite: {}\n", "x") == {}


def test_relative_paths_count_from_the_base() -> None:
    values = {"keepalived": {"archive": "a/b.tar.gz"}, "nodes": {"master": {"ssh": {"key_file": "~/.ssh/id"}}}}
    assert resolve_paths(values, Path("/top")) == {
        "keepalived": {"archive": "/top/a/b.tar.gz"},
        "nodes": {"master": {"ssh": {"key_file": str(Path("~/.ssh/id").expanduser())}}},
    }


def test_what_is_rendered_reads_back() -> None:
    values = {"site": Site().model_dump(mode="json")}
    assert parse_yaml(render_yaml(values), "x") == values


def test_lab_yaml_is_the_defaults_and_complete() -> None:
    assert read_parameters(LAB, TOP) == Site().model_dump(mode="json")


def test_every_parameter_of_lab_yaml_is_explained() -> None:
    values = [line for line in LAB.read_text("utf-8").splitlines() if re.search(r"^\s*(- )?[\w.:]+.*\S", line)]
    unexplained = [line for line in values if "#" not in line and not re.search(r"(:|\*ssh)$", line)]
    assert unexplained == []


def test_chapter_vms_are_two_machines_that_nothing_disturbs() -> None:
    model = parse_site(read_parameters(TOP / "parameters" / "chapter-vms.yaml", TOP))
    assert model.substrate == "ssh"
    assert [machine.name for machine in model.machines] == ["node129", "node128"]
    assert model.effective_disruption == "none"
    assert not model.may_substitute
