"""File lists of agencies: recognised, read, doubted; never an exception."""

from __future__ import annotations

from io import BytesIO

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.expected_lists import read_expected_list

HEADS = "Số TT,Mã hồ sơ,Tiêu đề hồ sơ,Thời hạn,Hình thức,Ngày kết thúc,Ghi chú\n"


def read(text: str):
    return read_expected_list(text.encode(), "list.csv", "P-2021")


def test_rows_are_kept_in_order_and_headings_left_out():
    found = read(
        f"DANH MỤC,,,,,,\n{HEADS}I,,Nhóm,,,,\n1,A.1,Một,VV,điện tử,17/5/2021,x\n2,A.2,Hai,,giấy,,\n"
    )
    assert [(r.place, r.file_code, r.form, r.closed) for r in found.rows] == [
        (1, "A.1", "electronic", "2021-05-17"),
        (2, "A.2", "paper", ""),
    ]
    assert not found.report.has_errors


def test_a_code_that_stands_twice_counts_once_in_either_normal_form():
    found = read(f"{HEADS}1,Hồ.1,Một,,,,\n2,Ho\u0302\u0300.1,Hai,,,,\n")
    assert len(found.rows) == 1
    assert "DSK-LIST-TWICE" in found.report.codes()


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("1,A,Một,,lụa,,", "DSK-LIST-FORM"),
        ("1,A,Một,,,31/31/2021,", "DSK-LIST-DATE"),
        ("1,A,,,,,", "DSK-LIST-NO-TITLE"),
    ],
)
def test_what_is_doubtful_is_told_and_the_row_kept(row, code):
    found = read(f"{HEADS}{row}\n")
    assert len(found.rows) == 1
    assert code in found.report.codes()


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", HEADS])
def test_what_is_no_list_is_an_error(text):
    assert read(text).report.has_errors
    assert read(text).rows == ()


def test_a_workbook_is_read_as_a_list():
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Danh mục"],
        HEADS.strip().split(","),
        [1, "A.1", "Một", "VV", "điện tử", "2021", ""],
    ):
        sheet.append(row)
    out = BytesIO()
    book.save(out)
    found = read_expected_list(out.getvalue(), "list.xlsx", "P-2021")
    assert [row.file_code for row in found.rows] == ["A.1"]


@given(st.binary(max_size=2_000), st.sampled_from(["a.csv", "a.xlsx", ""]))
def test_no_bytes_raise(data, name):
    read_expected_list(data, name, "P-2021")
    read_expected_list(HEADS.encode() + data, name, "P-2021")
