"""Mistakes that real integrations make (预埋缺陷), to test the scenarios with: each must make the scenario fail that is made for it.

A defect is a module of this package, named as the defect with underscores. Each class that it defines is a subclass of one part (see
parts.py) and takes its place; it does one thing wrong and nothing else. `DEFECTS` says of each what the mistake is, in a sentence.
"""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass

from shapan.reference.parts import STANDARD, Parts


class UnknownDefect(LookupError):
    """There is no defect of this name. Said in English and Chinese, with the names that are near."""


@dataclass(frozen=True, slots=True)
class Defect:
    """A mistake. Title and sentence in English and Chinese; `scenario` is the one that is made to catch it."""

    name: str
    title_en: str
    title_zh: str
    mistake_en: str
    mistake_zh: str
    scenario: str

    def parts(self) -> Parts:
        """The parts of an integration that makes this mistake."""
        module = importlib.import_module(f"{__name__}.{self.name.replace('-', '_')}")
        parts = STANDARD
        for one in vars(module).values():
            if isinstance(one, type) and one.__module__ == module.__name__:
                parts = parts.having(one)
        return parts


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "books-whole-order-on-first-shipment",
        "Books the whole order on its first shipment",
        "首次发货即按整单入账",
        "A shipment of a part makes a receivable for all of the order, and the shipments that follow make none.",
        "部分发货时按整张订单生成应收单，之后的发货不再生成。",
        "partial-shipments",
    ),
    Defect(
        "float-money",
        "Reckons money in floats",
        "用浮点数计算金额",
        "Amounts become fen by way of binary floats, so now and then a fen is lost.",
        "金额经二进制浮点数换算成分，时而少一分。",
        "partial-shipments",
    ),
    Defect(
        "tax-on-total-not-lines",
        "Computes tax on the total",
        "按合计而非逐行计税",
        "The tax of a receivable is computed on the total of the delivery, so it differs from the sum of its lines by a fen.",
        "应收单的税额按出库单合计重新计算，与各行税额之和相差一分。",
        "partial-shipments",
    ),
    Defect(
        "ignores-cancellation",
        "Ignores cancellations",
        "忽略订单取消",
        "An order that is cancelled in the CRM stays approved in the SCM, holds stock and may be shipped.",
        "CRM 取消的订单在 SCM 中仍为已审核，占用库存，可能照发。",
        "cancel-before-ship",
    ),
    Defect(
        "stale-credit",
        "Stale credit figures",
        "信用数据过时",
        "What a customer owes is told to the CRM when it is billed, and not when it pays, so good orders are held up.",
        "只在开出应收时把欠款告知 CRM，收款后不更新，正常订单被误拦。",
        "credit-hold-and-approval",
    ),
    Defect(
        "settles-oldest-first-regardless",
        "Settles the oldest first, regardless",
        "一律先核销最早的应收",
        "A receipt settles the oldest receivable of the customer instead of those that its bank text names.",
        "收款一律核销客户最早的应收单，不看银行附言所写的单据。",
        "receipt-settlement-exact",
    ),
    Defect(
        "ignores-returns",
        "Ignores returns",
        "忽略退货",
        "A return that is approved in the CRM never reaches the warehouse, so nobody expects the goods and the customer goes on owing them.",
        "CRM 批准的退货没有传到仓库，无人收货，客户欠款不减。",
        "return-and-red-letter",
    ),
    Defect(
        "no-idempotency-key",
        "No idempotency key",
        "不带幂等键",
        "What is created is sent without an Idempotency-Key; when the answer is lost and it is sent again, there are two.",
        "创建单据时不带 Idempotency-Key，应答丢失后重发就会重复建单。",
        "lost-answer",
    ),
    Defect(
        "retries-without-limit-on-4xx",
        "Retries refusals without limit",
        "对 4xx 无限重试",
        "What a system refuses (4xx) is sent again and again, unchanged, instead of being put aside for a person.",
        "被系统拒绝（4xx）的请求原样无限重发，而不是搁置交人工处理。",
        "refused-for-good",
    ),
    Defect(
        "gives-up-on-503",
        "Gives up on 503",
        "遇到 503 就放弃",
        "What cannot be booked because a system is down for a while is given up and never tried again.",
        "系统短暂不可用时放弃过账，之后不再重试。",
        "finance-down-and-back",
    ),
    Defect(
        "ignores-retry-after",
        "Ignores Retry-After",
        "无视 Retry-After",
        "It asks again before the time that the system has named in Retry-After is over.",
        "未等 Retry-After 指定的时间过去就再次请求。",
        "rate-limited",
    ),
    Defect(
        "processes-event-twice",
        "Processes an event twice",
        "重复处理事件",
        "An event that is delivered twice is taken for two, so one shipment is billed twice.",
        "同一事件投递两次即处理两次，一次发货开出两张应收单。",
        "events-duplicated",
    ),
    Defect(
        "assumes-event-order",
        "Assumes the order of events",
        "假定事件有序",
        "It believes that events come in order, so a confirmation that comes after its cancellation makes a sales order.",
        "假定事件按序到达，晚到的确认会让已取消的订单在 SCM 重新建单。",
        "events-late-and-out-of-order",
    ),
    Defect(
        "loses-cursor-on-restart",
        "Loses its cursor on a restart",
        "重启后丢失游标",
        "It does not keep how far it has read the feed, and after a restart begins with what happens then.",
        "没有持久化事件游标，重启后只从当时的新事件开始读取。",
        "events-lost-then-pulled",
    ),
    Defect(
        "never-pulls-missed-events",
        "Never pulls missed events",
        "从不拉取漏掉的事件",
        "It relies on webhooks alone; what is not delivered is never fetched from the feed.",
        "只依赖 Webhook 推送，漏推的事件从不从事件流补取。",
        "events-lost-then-pulled",
    ),
    Defect(
        "unsigned-webhook-accepted",
        "Accepts unsigned webhooks",
        "接受伪造的 Webhook",
        "It does not check the signature of a webhook and believes whoever sends one.",
        "不校验 Webhook 签名，谁发来的都相信。",
        "forged-webhooks",
    ),
    Defect(
        "token-never-renewed",
        "Never renews its token",
        "从不更新令牌",
        "It asks for a token once; when that has expired or was revoked, all its requests fail.",
        "只申请一次令牌，过期或吊销后所有请求都失败。",
        "token-expires-mid-run",
    ),
    Defect(
        "sequential-only",
        "Sequential only",
        "只会串行处理",
        "It works one document after the other, so a rush takes as long as all of it together.",
        "逐单串行处理，遇到集中下单时总耗时等于每单耗时之和。",
        "order-rush",
    ),
    Defect(
        "utc-date-at-month-end",
        "UTC date at month end",
        "月末按 UTC 取日期",
        "It takes the business date from the time in UTC, so what leaves the house before eight in the morning of the first is booked in the old month.",
        "按 UTC 时间取业务日期，次月首日八点前的出库计入上月。",
        "month-reconciliation",
    ),
    Defect(
        "posts-into-closed-period",
        "Posts into a closed period",
        "计入已结账期间",
        "It opens a closed month again for a late document instead of booking it in the next open one.",
        "为迟到单据反结账并计入已结账期间，而不是计入下一开放期间。",
        "period-close-and-late-document",
    ),
    Defect(
        "first-page-only",
        "First page only",
        "只读第一页",
        "It reads the first page of a list and takes it for all of it, so what stands behind it is entered again or never seen.",
        "列表只读第一页就当作全部，后面的记录被重复新建或从未看到。",
        "initial-load",
    ),
    Defect(
        "joins-on-exact-name",
        "Joins on the exact name",
        "按名称逐字比对",
        "It joins customers by the name that each system shows, character by character; who is called otherwise elsewhere becomes a second customer.",
        "按各系统显示的名称逐字比对客户，叫法不同的同一公司被另建一条。",
        "three-names-one-customer",
    ),
    Defect(
        "joins-without-region",
        "Joins without the region",
        "比对名称不看地区",
        "It joins customers by their trade name and leaves the region out, so companies of two cities become one.",
        "按字号比对客户而不看地区，不同城市的两家公司被误并。",
        "hard-negatives-stay-apart",
    ),
    Defect(
        "no-unit-conversion",
        "No conversion of units",
        "不换算计量单位",
        "It hands the quantity of the CRM over as it stands, so boxes become as many pieces.",
        "直接照搬 CRM 数量，箱数被当成件数。",
        "unit-of-measure",
    ),
    Defect(
        "swallows-row-errors-in-batch",
        "Swallows the errors of rows",
        "吞掉批量导入的行错误",
        "It takes a file for entered because the import is done, and does not look at the rows that were refused.",
        "导入任务完成就当作全部成功，不看被拒绝的行。",
        "initial-load",
    ),
)


def find_defect(name: str) -> Defect:
    """The defect of this name; UnknownDefect names those that are near."""
    known = {defect.name: defect for defect in DEFECTS}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3)
    en, zh = (f" Did you mean {' or '.join(near)}?", f"是否想用 {'、'.join(near)}？") if near else ("", "")
    raise UnknownDefect(
        f"There is no defect {name!r}.{en} docs/defects.md and `python -m shapan.reference --list-defects` have them all. "
        f"没有名为 {name!r} 的缺陷。{zh}docs/defects.md 与 python -m shapan.reference --list-defects 列出全部。"
    )
