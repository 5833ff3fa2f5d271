"""Reading the files of SAS, Stata and SPSS, in a process of their own.

Their formats are closed, and the library that reads them is written in C: a damaged file can bring down the process
that reads it. It is a process that does nothing else, and its end is a message.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as arrow

from schemas.errors import DataError
from schemas.plans import FilePlan
from schemas.raw import arrow_as_raw
from schemas.reading.source import Columns, SourceFile

TITLES = {
    ".sas7bdat": "SAS data set (.sas7bdat)",
    ".xpt": "SAS transport file (.xpt)",
    ".dta": "Stata file (.dta)",
    ".sav": "SPSS file (.sav, .zsav)",
    ".zsav": "SPSS file (.sav, .zsav)",
    ".por": "SPSS portable file (.por)",
}
"""What is read, by suffix. The library itself is loaded in the other process only."""

READ = "from schemas.reading.statistics_formats import main; main()"


def read_statistics(source: SourceFile, plan: FilePlan) -> Columns:
    """Read a file of SAS, Stata or SPSS; see `schemas.reading.statistics_formats` for what its columns become.

    Raises
    ------
    DataError
        If it is not what its suffix says, or damaged.
    """
    path, content = (str(source.held), b"") if isinstance(source.held, Path) else (None, source.held)
    asked = {
        "suffix": source.suffix,
        # The files say their encoding; the definition's is for those that say it wrongly.
        "encoding": None if plan.encoding == "utf-8" else plan.encoding,
        "labels": plan.labels,
        "decimal": plan.decimal,
        "path": path,
    }
    done = subprocess.run(
        [sys.executable, "-P", "-c", READ, json.dumps(asked)],
        input=content,
        stdout=subprocess.PIPE,
        # A library's own words may hold a cell.
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
        check=False,
    )
    if done.returncode:
        raise DataError(
            f"{source.name}: must be a whole {TITLES[source.suffix]} and fit into memory; it could not be read "
            f"as one: copy or save it again, or state its encoding under [file] encoding in the definition"
        )
    table = arrow.ipc.open_stream(done.stdout).read_all()
    return table.column_names, [arrow_as_raw(column) for column in table.columns]
