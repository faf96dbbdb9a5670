"""Files that cannot be read are told, never traced back."""

from __future__ import annotations

from pathlib import Path

import pytest

from nndsl.diagnostics.diagnostic import NNDSLError
from nndsl.syntax.parser import parse
from nndsl.syntax.reading import read


def _told(path: Path) -> str:
    with pytest.raises(NNDSLError) as caught:
        read(path)
    return str(caught.value)


def test_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.nn"
    path.write_bytes("\ufeffnetwork N {}\r\n".encode())
    assert parse(read(path)).items


def test_other_encodings(tmp_path: Path) -> None:
    path = tmp_path / "a.nn"
    path.write_bytes(b"network N {\n  # gr\xfc\xdfe\n}")
    assert "E0121" in _told(path)
    assert "line 2" in _told(path)


def test_missing_file_offers_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "mlp.nn").write_text("network N {}")
    told = _told(tmp_path / "mpl.nn")
    assert "E0122" in told
    assert f"did you mean {tmp_path / 'mlp.nn'}?" in told


def test_folder_is_no_file(tmp_path: Path) -> None:
    assert "E0122" in _told(tmp_path)
