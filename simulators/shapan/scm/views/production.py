"""Bills of materials, production orders and what is booked for them -> JSON (物料清单、生产)."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from shapan.kernel.money import divide_half_up, text_from_e4, text_from_fen, text_from_milli, text_from_rate
from shapan.scm.views.common import Json, source


def _unit_cost(cost_fen: int, milli: int) -> str:
    """Yuan per base unit, rounded to four decimals; fen by thousandths into 1/10000 yuan by units."""
    return text_from_e4(divide_half_up(cost_fen * 100_000, milli))


def bom(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> Json:
    """Bill of materials with its lines; waste in per cent."""
    return {
        "bom_code": row["code"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "version": row["version"],
        "state": row["state"],
        "base_quantity": text_from_milli(row["base_milli"]),
        "effective_from": row["effective_from"],
        "effective_to": row["effective_to"],
        "note": row["note"],
        "lines": [
            {
                "line_no": line["line_no"],
                "product_code": line["product_code"],
                "product_name": line["product_name"],
                "unit": line["base_unit"],
                "quantity": text_from_milli(line["quantity_milli"]),
                # Basis points are per cent with two decimals.
                "scrap_percent": text_from_rate(line["scrap_bp"] * 100),
            }
            for line in lines
        ],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "retired_at": row["retired_at"],
    }


def _material(row: sqlite3.Row) -> Json:
    held = row["issued_milli"] - row["returned_milli"]
    return {
        "line_no": row["line_no"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "required_quantity": text_from_milli(row["required_milli"]),
        "issued_quantity": text_from_milli(row["issued_milli"]),
        "returned_quantity": text_from_milli(row["returned_milli"]),
        "open_quantity": text_from_milli(max(row["required_milli"] - held, 0)),
        "cost_amount": text_from_fen(row["issued_fen"] - row["returned_fen"]),
    }


def production_order(row: sqlite3.Row, materials: Sequence[sqlite3.Row]) -> Json:
    """Production order with its materials and what it has cost so far."""
    material = row["issued_fen"] - row["returned_fen"]
    cost = row["absorbed_fen"] + row["labour_fen"] + row["overhead_fen"]
    return {
        "production_order_no": row["number"],
        "state": row["state"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "quantity": text_from_milli(row["quantity_milli"]),
        "received_quantity": text_from_milli(row["received_milli"]),
        "bom_code": row["bom_code"],
        "material_warehouse_code": row["material_warehouse_code"],
        "receipt_warehouse_code": row["receipt_warehouse_code"],
        "planned_start": row["planned_start"],
        "planned_finish": row["planned_finish"],
        "sales_order_no": row["sales_order_no"],
        "note": row["note"],
        "source_reference": source(row),
        "materials": [_material(line) for line in materials],
        "material_amount": text_from_fen(material),
        "labour_amount": text_from_fen(row["labour_fen"]),
        "overhead_amount": text_from_fen(row["overhead_fen"]),
        "cost_amount": text_from_fen(cost),
        "work_in_progress_amount": text_from_fen(material - row["absorbed_fen"]),
        "unit_cost": _unit_cost(cost, row["received_milli"]) if row["received_milli"] else None,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "released_at": row["released_at"],
        "completed_at": row["completed_at"],
        "cancelled_at": row["cancelled_at"],
    }


def posting(row: sqlite3.Row, lines: Sequence[sqlite3.Row]) -> Json:
    """Material issue or return, by its kind; `lines` are its movements."""
    return {
        f"material_{row['kind']}_no": row["number"],
        "production_order_no": row["order_number"],
        "warehouse_code": row["warehouse_code"],
        f"{row['kind']}_date": row["business_date"],
        "note": row["note"],
        "lines": [
            {
                "line_no": line["source_line"],
                "product_code": line["product_code"],
                "product_name": line["product_name"],
                "unit": line["base_unit"],
                "quantity": text_from_milli(line["quantity_milli"]),
                "batch_no": line["batch_no"],
                "cost_amount": text_from_fen(line["cost_fen"]),
            }
            for line in lines
        ],
        "cost_amount": text_from_fen(sum(line["cost_fen"] for line in lines)),
        "created_at": row["created_at"],
    }


def receipt(row: sqlite3.Row) -> Json:
    """Finished-goods receipt with its cost."""
    cost = row["material_fen"] + row["labour_fen"] + row["overhead_fen"]
    return {
        "production_receipt_no": row["number"],
        "production_order_no": row["order_number"],
        "warehouse_code": row["warehouse_code"],
        "receipt_date": row["business_date"],
        "product_code": row["product_code"],
        "product_name": row["product_name"],
        "unit": row["base_unit"],
        "quantity": text_from_milli(row["quantity_milli"]),
        "batch_no": row["batch_no"],
        "final": bool(row["final"]),
        "material_amount": text_from_fen(row["material_fen"]),
        "labour_amount": text_from_fen(row["labour_fen"]),
        "overhead_amount": text_from_fen(row["overhead_fen"]),
        "cost_amount": text_from_fen(cost),
        "unit_cost": _unit_cost(cost, row["quantity_milli"]),
        "note": row["note"],
        "created_at": row["created_at"],
    }
