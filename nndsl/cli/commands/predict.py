"""`nndsl predict`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TextIO

import click

HELP = """
Use what a training learned: run the network of RUN, the folder that `nndsl run` left, on the rows of DATA,
and write its outputs as comma-separated values.

\b
  nndsl predict runs/mlp-20260131-142530 new.csv
  nndsl predict runs/mlp-20260131-142530 new.csv --output answers.csv

The columns of DATA are read as the data statement of the spec reads its source: `x = image / 16` takes
`image` or `image0, image1, …`. A column named like the input (`x`, or `x0, x1, …`) goes in as it is. For a
network with one input, all columns may also stand without these names, or without a header.

Where an output was trained to tell classes, the class comes first in each row; of an output over a sequence,
the classes at its places.
"""


@click.command(help=HELP, short_help="Use what a training learned.")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--output",
    metavar="FILE",
    type=click.File("w", encoding="utf-8"),
    default="-",
    help="Write to this file instead of the standard output.",
)
def command(run: Path, data: Path, output: TextIO) -> None:
    import nndsl
    from nndsl.data.find import file_table
    from nndsl.data.prediction import (
        places_of_outputs,
        prediction_inputs,
        prediction_rows,
        told_classes,
    )
    from nndsl.runtime.run_folder import RunFolder

    folder = RunFolder.open(run)
    network = nndsl.load(run)
    table = file_table(str(data), [Path()])
    words = {name: tuple(found) for name, found in folder.settings.classes.items()}
    inputs = prediction_inputs(network.model, table, network.precision, words)
    outputs = network.run(seed=0, **inputs.inputs)
    told = {name: (target, words.get(target)) for name, target in told_classes(network.model).items()}
    rows = prediction_rows(outputs, told, places_of_outputs(network.model, inputs.inputs))
    csv.writer(output, lineterminator="\n").writerows(rows)
