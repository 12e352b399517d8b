"""Reading a file keeps no more of it than a few parts."""

import pytest

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

from scrl.packed_ratings.sources import open_source  # noqa: E402 (needs pyarrow)


@pytest.mark.parametrize("rows_of_a_group", [3_000, 400])
def test_a_parquet_file_of_many_row_groups_is_not_gathered(tmp_path, rows_of_a_group):
    """Each row group has raters of its own, written without a dictionary."""
    groups = 90_000 // rows_of_a_group
    path, total = tmp_path / "ratings.parquet", groups * rows_of_a_group
    table = pyarrow.table({
        "rater": [f"a rater with a name as long as a hash would be {i}" for i in range(total)],
        "item": [i % 7 for i in range(total)],
    })  # fmt: skip
    parquet.write_table(table, path, row_group_size=rows_of_a_group, use_dictionary=False)
    del table
    before, held, found = pyarrow.total_allocated_bytes(), [], 0
    for part in open_source(path).parts(["rater", "item"], 3_000):
        found += part.batch.num_rows
        held.append(pyarrow.total_allocated_bytes() - before)
    assert found == total
    assert max(held[len(held) // 2 :]) < 1.5 * max(held[: len(held) // 4])
