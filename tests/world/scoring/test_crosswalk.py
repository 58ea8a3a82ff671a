"""What teams hand in: CSV and JSON in several encodings, and every fault of a file named in one answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapan.world import AnswerKey, WorldError
from shapan.world.scoring import CrosswalkError, read_crosswalk
from shapan.world.scoring.crosswalk import LONGEST, SHOWN, Row, crosswalk_of

HEAD = "system,record_id,cluster\n"
WANTED = {("scm", "customer", "KH1"): "华信", ("finance", "customer", "1001"): "华信"}
CSV = HEAD + "scm,KH1,华信\nfinance,1001,华信\n"


def faults(content: bytes | str, key: AnswerKey | None = None) -> list[tuple[str, str]]:
    """(where, what) of every fault; both languages have a text each."""
    with pytest.raises(CrosswalkError) as caught:
        read_crosswalk(content if isinstance(content, bytes) else content.encode(), key, "mine.csv")
    assert all(fault.zh and any("\u4e00" <= c <= "\u9fff" for c in fault.zh) for fault in caught.value.faults)
    assert "mine.csv" in caught.value.en
    return [(fault.where, fault.en) for fault in caught.value.faults]


@pytest.mark.parametrize(
    "content",
    [
        CSV.encode(),
        CSV.encode("utf-8-sig"),
        CSV.encode("gb18030"),
        CSV.replace("\n", "\r\n").encode(),
        ("\n" + CSV + "\n\n").encode(),
        b"Cluster , extra,RecordId,SYSTEM\n" + "华信,x,KH1,scm\n华信,,1001, finance\n".encode(),
        json.dumps(
            [
                {"system": "scm", "recordId": "KH1", "cluster": "华信"},
                {"system": "finance", "record_id": 1001, "cluster": "华信", "kind": "customer", "score": 0.9},
            ]
        ).encode(),
    ],
    ids=["utf-8", "bom", "gb18030", "crlf", "blank lines", "columns in another order", "json"],
)
def test_one_crosswalk_in_many_forms(content: bytes, key: AnswerKey) -> None:
    assert read_crosswalk(content, key).clusters("customer") == WANTED


def test_json_clusters_are_named_by_their_place(key: AnswerKey) -> None:
    groups = [[{"system": "scm", "record_id": "KH1"}, {"system": "finance", "record_id": "1001"}], []]
    found = read_crosswalk(json.dumps({"clusters": groups}).encode(), key)
    assert found.clusters("customer") == dict.fromkeys(WANTED, "0")


def test_kinds_are_kept_apart() -> None:
    content = b"system,record_id,cluster,kind\nscm,1,x,customer\nscm,1,x,supplier\nfinance,1,x,\n"
    found = read_crosswalk(content)
    assert found.clusters("supplier") == {("scm", "supplier", "1"): "x"}
    assert set(found.clusters("customer")) == {("scm", "customer", "1"), ("finance", "customer", "1")}


def test_an_id_that_ends_with_a_blank_is_itself_where_the_world_has_it() -> None:
    key = AnswerKey([("finance", "product", "A-1 ", "P1"), ("scm", "product", "A-1", "P1")])
    content = b"system,record_id,cluster,kind\nfinance,A-1 ,x,product\nscm, A-1,x,product\n"
    assert set(read_crosswalk(content, key).clusters("product")) == {
        ("finance", "product", "A-1 "),
        ("scm", "product", "A-1"),
    }


def test_every_fault_is_named_with_its_line(key: AnswerKey) -> None:
    content = (
        "system,record_id,cluster,kind\n"
        "scm,KH1,x,\n"
        "erp,KH2,x,\n"
        "scm,,x,\n"
        "scm,KH2,,\n"
        "scm,KH1,y,\n"
        "scm,KH9,x,\n"
        "scm,KH3,x,company\n"
        f"scm,{'9' * (LONGEST + 1)},x,\n"
        "scm,KH3\n"
        "\n"
        'finance,"10\n01",x,\n'
        'finance,"1003,x,\n'
    )
    assert faults(content, key) == [
        ("line 3", "system erp is none of crm, scm, finance"),
        ("line 4", "record_id is empty"),
        ("line 5", "cluster is empty"),
        ("line 6", "scm KH1 stands at line 2 already; give each record once"),
        ("line 7", "scm has no customer KH9; leave records away that are not of this world"),
        ("line 8", "kind company is none of customer, supplier, product"),
        ("line 9", f"record_id is longer than {LONGEST} characters"),
        ("line 10", "it has 2 cells, the header 4"),
        ("line 12", "finance has no customer 10\ufffd01; leave records away that are not of this world"),
        ("line 14", "it is no CSV (unexpected end of data)"),
    ]


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("", ""),
        (" \n", ""),
        ("system,id\nscm,KH1\n", "line 1"),
        ("system;record_id;cluster\nscm;KH1;x\n", "line 1"),
        ("system,record_id,cluster,cluster\nscm,KH1,x,y\n", "line 1"),
        ("system,record_id,cluster,kind,kind\nscm,KH1,x,,\n", "line 1"),
        ("[", "line 1"),
        ('[{"system": "scm"},\n}', "line 2"),
        ("[" * 100_000, ""),
        ('{"groups": []}', "/clusters"),
        ('{"clusters": [7]}', "/clusters/0"),
        ("[7]", "/0"),
        ('[{"system": 7.5, "record_id": "KH1", "cluster": "x"}]', "/0"),
        ('[{"system": "scm", "record_id": true, "cluster": "x"}]', "/0"),
        ('[{"system": "scm", "record_id": "KH1", "cluster": null}]', "/0"),
        (CSV.encode("utf-16"), ""),
        (HEAD.encode() + b"scm,KH1,\xff\xff\n", "line 2"),
    ],
)
def test_what_cannot_be_read_says_where(content: bytes | str, where: str, key: AnswerKey) -> None:
    assert {place for place, _ in faults(content, key)} == {where}


def test_both_missing_columns_are_named() -> None:
    assert [what.split(" is ")[0] for _, what in faults("system\nscm\n")] == [
        "the column record_id",
        "the column cluster",
    ]


def test_the_sentence_is_bounded_and_the_list_is_not(key: AnswerKey) -> None:
    content = HEAD + "".join(f"scm,X{n},x\n" for n in range(SHOWN + 7))
    with pytest.raises(WorldError, match="and 7 more") as caught:
        read_crosswalk(content.encode(), key, "mine.csv")
    assert isinstance(caught.value, CrosswalkError)
    assert len(caught.value.faults) == SHOWN + 7
    assert str(SHOWN + 7) in caught.value.zh


def test_rows_of_data_are_named_by_pointer(key: AnswerKey) -> None:
    rows = [
        {"system": "scm", "record_id": "KH1", "cluster": "x"},
        {"system": "scm", "record_id": "KH7", "cluster": "x"},
    ]
    assert crosswalk_of(rows[:1], key).rows[0].record == ("scm", "customer", "KH1")
    with pytest.raises(CrosswalkError) as caught:
        crosswalk_of(rows, key)
    assert [fault.where for fault in caught.value.faults] == ["/1"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["system", "record_id", "clusters", "kind", "cluster"]), inner)
    ),
    max_leaves=12,
)


@given(
    st.binary(max_size=200)
    | st.text().map(lambda text: (HEAD + text).encode())
    | JSON.map(lambda data: json.dumps(data).encode())
)
def test_whatever_comes_is_read_or_refused(content: bytes) -> None:
    rows: tuple[Row, ...] = ()
    refused: CrosswalkError | None = None
    try:
        rows = read_crosswalk(content).rows
    except CrosswalkError as error:
        refused = error
    assert refused is None or refused.faults
    assert all(row.record[0] in ("crm", "scm", "finance") and row.record[2].strip() for row in rows)
    assert len({row.record for row in rows}) == len(rows)
