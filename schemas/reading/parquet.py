"""Reading Parquet files: every column keeps its type."""

from __future__ import annotations

import pandas as pd
import pyarrow as arrow
import pyarrow.parquet as arrow_parquet

from schemas.errors import DataError
from schemas.plans import FilePlan
from schemas.raw import arrow_as_raw, is_nested_type
from schemas.reading.source import Columns, SourceFile


def read_parquet(source: SourceFile, plan: FilePlan) -> Columns:
    """Read a Parquet file column by column, so that no more than one is held twice.

    Raises
    ------
    DataError
        If it is no Parquet file, or a column holds lists or bytes.
    """
    try:
        with source.open() as stream, arrow_parquet.ParquetFile(stream, page_checksum_verification=True) as file:
            schema = file.schema_arrow
            nested = [field.name for field in schema if is_nested_type(field.type)]
            if nested:
                raise DataError(
                    f"{source.name}: every column must hold single values, got lists or bytes in: {', '.join(nested)}"
                )
            return schema.names, [_read_column(file, name) for name in schema.names]
    except (arrow.ArrowException, OSError, ValueError, OverflowError):
        raise DataError(f"{source.name}: must be a Parquet file; it could not be read as one, write it again") from None


def _read_column(file: arrow_parquet.ParquetFile, name: str) -> pd.Series:
    table = file.read(columns=[name])
    # Asked for "a", the reader gives "a.b" as well.
    column = table.column(table.schema.get_all_field_indices(name)[0])
    return arrow_as_raw(column)
