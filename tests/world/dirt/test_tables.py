"""The tables of the dirt rules: what they cover, and that a reader's mistakes in them are all named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shapan.world import WorldError
from shapan.world.dirt import tables
from shapan.world.names import FORMS, SMALL_FORMS, names
from shapan.world.places import regions
from shapan.world.spec import HERE

# Of the characters that stand in names, those that are written alike in both, or are in names though they need not be (于, 余, 岳, 范).
SAME = (
    "一丁上世中丹于五京亮仁付代件任份企何余佛佳供侯俊保信倩健光公具冰出分利刷力勇包化北千卓南博印原口史司"
    "合同向告周呼和品哈唐售商善嘉器圳城夏大天太妍姚姜威娜娟婷媒子孔孟宇安宋宏官家密富小少尚尹山岳峰崔川州"
    "工巧市帆常平康廖建彤彬彭徐德心志思怡息慧成戴技拉振敏教文斌料新方旭昆昊昌明易星春晟晨晶智曹曾月有服木"
    "朱李材杜杭林格桂梁梅梓械森模欣正武段毅毛永江汪汽沙河泉波泰洋津洲流浩海淑深湖源潘然熊燕物特玉王玲珍珠"
    "理琪琳琴瑞璐生田白百益盛睿石磊祥福禾秀科秦程立管精美翔肖股肥育胡能自致航芳若英范茜莉莞莫菲萍葛董蔡蕾"
    "薇薛融行表袁西覃谷超越迪通造邑邦邱邵郝部郭都配重金鑫限陶隆雅集雨雪雯零雷霞青食餐香高魏麒麟黎鼎"
)


def test_the_tables_are_as_large_as_they_are_meant_to_be() -> None:
    assert len(tables.homophones()) >= 400
    assert len(tables.shapes()) >= 106
    assert len(tables.ocr()) >= 17


def test_homophones_sound_alike_both_ways() -> None:
    table = tables.homophones()
    for one, others in table.items():
        assert one not in others
        assert all(one in table[other] for other in others)


def test_nearly_every_word_of_a_name_has_characters_of_its_sound_and_shape() -> None:
    lists = names()
    trade = set(lists["first"] + lists["second"])
    # Nothing else in use is called sen.
    assert trade - tables.homophones().keys() == {"森"}
    for industry, _, _ in lists["industries"]:
        assert set(industry) & tables.homophones().keys(), industry
    assert len(trade & tables.shapes().keys()) >= 0.8 * len(trade)


def test_homophones_have_the_sound_that_the_english_names_have() -> None:
    """The groups against the pinyin of the trade names, which was written down on its own."""
    groups = tables.group_rows(HERE / "data" / "homophones.csv", ("pinyin", "characters"))
    pinyin = names()["pinyin"]
    wrong = [(name, one, pinyin[one]) for name, group in groups for one in group if pinyin.get(one, name) != name]
    assert wrong == []


def test_traditional_characters_of_all_that_stands_in_names() -> None:
    """What is spelt the same in both is listed here; whatever else stands in a name must be in the table."""
    people = json.loads((HERE / "data" / "people.json").read_text("utf-8"))
    lists = names()
    text = (
        lists["first"]
        + lists["second"]
        + "".join(entry[0] + entry[2] for entry in lists["industries"])
        + "".join(form for form, _ in (*FORMS, *SMALL_FORMS))
        + "分公司市"
        + "".join(region["name"] for region in regions())
        + "".join(people["surnames"])
        + people["women"]
        + people["men"]
        + people["second"]
    )
    table = tables.traditional()
    assert all(traditional not in table for traditional in table.values())
    assert set(text) - table.keys() <= set(SAME)
    assert not set(SAME) & table.keys()
    # GB 2312 has simplified characters only; 夥 is in it, because it is a word of its own as well.
    assert all(map(_in_gb2312, table))
    assert [other for other in table.values() if _in_gb2312(other)] == ["夥"]


def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("a,b\n末,未\n", ["line 1: the header must be character,lookalikes"]),
        ("", ["line 1: the header must be"]),
        ("character,lookalikes\n", ["there are no rows"]),
        (
            "character,lookalikes\n末,未末\n己已,已\n土,士士\n日\n末,\n",
            [
                "line 2: '末' stands for itself",
                "line 3: '己已' is not one character",
                "line 4: '士士' is empty, too long or has one twice",
                "line 5: 1 cells, not 2",
                "line 6: '' is empty",
                "line 6: '末' stands there twice",
            ],
        ),
    ],
)
def test_every_fault_of_a_table_of_characters_is_named(tmp_path: Path, text: str, faults: list[str]) -> None:
    said = _refused(tmp_path, text, lambda path: tables.single_rows(path, ("character", "lookalikes")))
    assert all(fault in said for fault in faults)


def test_one_character_only_where_only_one_can_stand(tmp_path: Path) -> None:
    said = _refused(
        tmp_path,
        "simplified,traditional\n云,雲云\n发,發髮\n",
        lambda path: tables.single_rows(path, ("simplified", "traditional"), most=1),
    )
    assert "line 3: '發髮' is empty, too long or has one twice" in said
    assert "line 2: '云' stands for itself" in said


def test_every_fault_of_a_table_of_groups_is_named(tmp_path: Path) -> None:
    said = _refused(
        tmp_path,
        "pinyin,characters\nxin,信新信\nXIN,鑫欣\nxing,兴\nxin,新心\n",
        lambda path: tables.group_rows(path, ("pinyin", "characters")),
    )
    for fault in (
        "line 2: '信' stands there twice",
        "line 3: 'XIN' is no toneless pinyin",
        "line 4: a group has two characters or more",
        "line 5: 'xin' stands there twice",
        "line 5: '新' stands there twice",
    ):
        assert fault in said


def test_every_fault_of_the_remarks_is_named(tmp_path: Path) -> None:
    said = _refused(tmp_path, "annotation,place\n ,back\n(停用),above\n", tables.annotation_rows)
    assert "line 2: the annotation is empty" in said
    assert "line 3: 'above' is neither front nor back" in said


def _refused(folder: Path, text: str, read: object) -> str:
    path = folder / "mine.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(WorldError) as error:
        read(path)  # type: ignore[operator]
    assert error.value.zh.endswith("。")
    assert error.value.en.count(";") == error.value.zh.count("；")
    return error.value.en


def test_a_table_saved_by_a_spreadsheet_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes("\ufeffcharacter,lookalikes\r\n末,未\r\n".encode())
    assert tables.single_rows(path, ("character", "lookalikes")) == {"末": "未"}
