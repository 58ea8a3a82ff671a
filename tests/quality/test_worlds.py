"""Worlds against the standard: a clean one keeps to it, and in a messy one the rules find what the noise log says."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from shapan.quality import FolderRecords, check_quality, load_standard
from shapan.world import list_profiles


def report_on(folder):
    standard = load_standard()
    return check_quality(standard, FolderRecords(folder, standard))


def failed(report, record, *rules):
    [kind] = [kind for kind in report["records"] if kind["record"] == record]
    found = {rule["rule"]: rule["failed"] for rule in kind["rules"]}
    return sum(found[rule] for rule in rules)


@pytest.mark.parametrize("profile", list_profiles())
def test_a_clean_world_keeps_to_every_rule(exported, profile):
    report = report_on(exported("clean", "tiny", profile))
    broken = [(kind["record"], rule["rule"], rule["examples"]) for kind in report["records"] for rule in kind["rules"] if rule["failed"]]  # fmt: skip
    assert broken == []
    assert report["score"] == 1.0
    assert report["absent"] == []
    # Every rule had something to look at.
    idle = [(kind["record"], rule["rule"]) for kind in report["records"] for rule in kind["rules"] if not rule["checked"]]  # fmt: skip
    assert idle == []


@pytest.fixture(scope="session", params=["article", "filthy"])
def messy(request, exported):
    """(report, how often a rule struck, by system, field and rule) of a small world."""
    folder = exported(request.param, "small")
    with (folder / "answer-key" / "noise.csv").open(encoding="utf-8-sig", newline="") as file:
        noise = Counter((row["system"], row["record_id"], row["field"], row["rule"]) for row in csv.DictReader(file))
    assert max(noise.values()) == 1
    return report_on(folder), Counter((system, field, rule) for system, _, field, rule in noise)


CUSTOMERS = [
    ("crm", "crm/customers", "unifiedSocialCreditCode", "credit_code"),
    ("scm", "scm/partners", "tax_number", "tax_number"),
    ("finance", "finance/customers", "tax_number", "tax_number"),
]


@pytest.mark.parametrize(("system", "record", "field", "column"), CUSTOMERS)
def test_missing_and_wrong_credit_codes_are_all_found(messy, system, record, field, column):
    report, noise = messy
    none = (
        1 if record == "finance/customers" else 0
    )  # money of which nobody knows whom it is from has a customer of its own
    assert failed(report, record, f"complete.{column}") == noise[system, field, "field.uscc_missing"] + none
    wrong = failed(report, record, f"valid.{column}.format", f"valid.{column}.credit-code-check")
    assert wrong == noise[system, field, "field.uscc_bad"] > 0


@pytest.mark.parametrize(("system", "record", "field", "column"), CUSTOMERS)
def test_missing_and_wrong_telephones_are_all_found(messy, system, record, field, column):
    report, noise = messy
    none = 1 if record == "finance/customers" else 0
    assert failed(report, record, "complete.phone") == noise[system, "phone", "field.phone_missing"] + none
    wrong = failed(report, record, "valid.phone.format", "valid.phone.not-made-up")
    assert wrong == noise[system, "phone", "field.phone_invalid"] > 0


def test_placeholders_are_all_found(messy):
    report, noise = messy
    assert (
        failed(report, "crm/customers", "valid.street.filled-in") == noise["crm", "address.street", "field.placeholder"]
    )
    assert failed(report, "crm/customers", "valid.email.format") == noise["crm", "email", "field.placeholder"]
    assert failed(report, "scm/partners", "valid.address.filled-in") == noise["scm", "address", "field.placeholder"]
    assert failed(report, "finance/customers", "valid.bank_name.filled-in") == noise["finance", "bank_name", "field.placeholder"]  # fmt: skip


def test_dates_amounts_and_exchanged_columns_of_files_are_all_found(messy):
    report, noise = messy

    def struck(system, field, beginning):
        return sum(n for (s, f, rule), n in noise.items() if (s, f) == (system, field) and rule.startswith(beginning))

    for record, field in [("finance/receivables", "business_date"), ("finance/receivables", "due_date"), ("finance/receipts", "receipt_date"), ("scm/deliveries", "ship_date"), ("scm/sales_orders", "order_date")]:  # fmt: skip
        assert (
            failed(report, record, f"valid.{field}.format") == struck(record.partition("/")[0], field, "file.date_") > 0
        )
    for record, field in [("finance/receivables", "net"), ("finance/receivables", "gross"), ("finance/receipts", "amount")]:  # fmt: skip
        assert failed(report, record, f"valid.{field}.format") == struck("finance", field, "file.amount_") > 0
    exchanged = failed(report, "finance/receivables", "consistent.gross-of-net-and-tax")
    assert exchanged == noise["finance", "net", "file.net_gross_swapped"] > 0


def test_names_that_cannot_be_the_legal_ones_are_found(messy):
    report, noise = messy
    rules = ("readable", "clean-characters", "unbroken", "no-annotation")
    for record, system, column in [("crm/customers", "crm", "name"), ("scm/partners", "scm", "short_name"), ("finance/customers", "finance", "short_name")]:  # fmt: skip
        found = failed(report, record, *(f"valid.{column}.{rule}" for rule in rules))
        struck = {
            r: noise[system, column, f"surface.{r}"] for r in ("mojibake", "kuntao", "space", "zerowidth", "annot")
        }
        # One record may be struck by several, full-width blanks are of another rule, and English names may have blanks.
        assert max(struck.values()) <= found
        assert found <= sum(struck.values()) + noise[system, column, "surface.fullwidth"] + noise[system, column, "style.english"]  # fmt: skip
        assert found > 0


def test_customers_entered_twice_are_found_where_name_or_code_shows_it(messy):
    report, noise = messy
    twice = noise["crm", "id", "row.duplicate"]
    assert 0.4 * twice < failed(report, "crm/customers", "unique.name") <= twice
    assert 0 < failed(report, "crm/customers", "unique.credit_code") <= twice
    # Nobody else looks like another.
    assert failed(report, "crm/customers", "unique.id", "unique.code") == 0
