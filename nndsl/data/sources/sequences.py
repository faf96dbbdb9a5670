"""Sets of texts and sounds on the data path: each example has its own length."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nndsl.data.catalogue import source
from nndsl.data.formats import read_lines, read_npz
from nndsl.data.table import Column, Part, Ragged, Table, texts


@source("names", lines="text/names.txt")
def names(lines: Path) -> Table:
    """First names in lower-case letters (ssa.gov), one an example. No split of its own.

    Columns: text (32033,), 2 to 15 characters each. Names recur, so a random split shares some.
    """
    return Table("names", {"text": texts(read_lines(lines))})


@source("shakespeare", text="text/tinyshakespeare.txt")
def shakespeare(text: Path) -> Table:
    """About a million characters of plays, one long example. Split: the last tenth of it is the test part.

    Columns: text (2,): the first 90 % of the characters, and the rest.
    """
    whole = "\n".join(read_lines(text))
    cut = len(whole) * 9 // 10
    return Table(
        "shakespeare", {"text": texts([whole[:cut], whole[cut:]])}, np.array([Part.TRAIN, Part.TEST])
    )


@source("tatoeba", rows="tatoeba_en_zh/cmn-eng.tsv.gz")
def tatoeba(rows: Path) -> Table:
    """English sentences with Chinese translations (Tatoeba, CC BY 2.0 FR). No split of its own.

    Columns: english, chinese, and attribution, the credit that the licence asks for (29155,).
    """
    return _translations("tatoeba", _sentences(rows))


@source("tatoeba_short", rows="tatoeba_en_zh/cmn-eng.tsv.gz")
def tatoeba_short(rows: Path) -> Table:
    """The sentences of `tatoeba` with at most 6 English words and 12 Chinese characters. No split of its own.

    Columns: english, chinese, attribution (17248,).
    """
    short = [pair for pair in _sentences(rows) if len(pair[0].split()) <= 6 and len(pair[1]) <= 12]
    return _translations("tatoeba_short", short)


def _sentences(rows: Path) -> list[list[str]]:
    return [line.split("\t") for line in read_lines(rows)]


def _translations(name: str, cells: list[list[str]]) -> Table:
    english, chinese, attribution = (texts(column) for column in zip(*cells, strict=True))
    return Table(name, {"english": english, "chinese": chinese, "attribution": attribution})


@source("fsdd", arrays="fsdd/fsdd_logmel.npz")
def fsdd(arrays: Path) -> Table:
    """Spoken digits of six speakers (Jackson et al., CC BY-SA 4.0).

    Columns: logmel, each (T, 32), in dB: 32 mel bands every 10 ms; label, 0 to 9; speaker, 0 to 5; take, 0
    to 49 (3000,). Split: the official one, takes 0 to 4 of each speaker and digit are the test part.
    """
    held = read_npz(arrays, ("frames", "ptr", "y", "speaker", "take"))
    logmel = Ragged(held["frames"].astype(np.float32) / 2 - 80, held["ptr"])
    columns: dict[str, Column] = {
        "logmel": logmel,
        "label": held["y"],
        "speaker": held["speaker"],
        "take": held["take"],
    }
    return Table("fsdd", columns, np.where(held["take"] < 5, Part.TEST, Part.TRAIN))
