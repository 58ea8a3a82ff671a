"""What documents of all kinds share (单据): their states in words."""

from __future__ import annotations

STATES_ZH = {
    "draft": "草稿",
    "approved": "已审核",
    "closed": "已关闭",
    "cancelled": "已作废",
    "shipped": "已出库",
    "sent": "在途",
    "received": "已接收",
    "posted": "已过账",
    "released": "已下达",
    "completed": "已完工",
    "voided": "已作废",
    "ordered": "已下单",
}
