from pathlib import Path

import pytest

from runbook_lib.errors import LabError
from runbook_lib.lab import folder
from runbook_lib.lab.folder import LabFolder, LabRecord


@pytest.mark.parametrize("name", ["", "..", "a/b", "Lab", "1st", "a" * 32])
def test_a_name_that_is_no_folders_is_refused(name: str) -> None:
    with pytest.raises(LabError) as refused:
        LabFolder(name)
    assert str(refused.value) == (
        f"{name!r} is no name for a lab. Use up to 31 lower-case letters, digits and dashes, a letter first."
    )


@pytest.fixture
def lab_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabFolder:
    monkeypatch.setattr(folder, "LABS", tmp_path)
    made = LabFolder("x")
    made.path.mkdir()
    return made


def test_a_record_is_read_as_written(lab_folder: LabFolder) -> None:
    record = LabRecord("x", "0a1b2c3d", 1000, "bookworm", "/var/cache/runbook/images/bookworm-1", None)
    lab_folder.write_record(record)
    assert lab_folder.read_record() == record
    assert record.unit == "runbook-x-0a1b2c3d"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"name": "x"}'])
def test_a_torn_record_is_none(lab_folder: LabFolder, content: str) -> None:
    lab_folder.record_file.write_text(content)
    assert lab_folder.read_record() is None


def test_no_record_is_none(lab_folder: LabFolder) -> None:
    assert lab_folder.read_record() is None
