"""The world (世界): the true companies and products, and what each of the three systems makes of them.

    spec.py        which world: profile, size, seed, opening day; profiles are YAML files
    checks.py      what is wrong with such a file, every fault at once
    draws.py       all chance, one stream for each aspect of each entity
    companies.py   true companies and suppliers, each known by its number alone: names.py, people.py, places.py, banking.py; providers.py
                   offers these to Faker
    products.py    true products, from the profile's catalogue; codes.py says which codes look alike
    mess.py        how wrong the records are: presets/*.yaml, users' files, single rates
    views.py       each system's view of the truth, written down by pen.py; dirt/ has what can go wrong, as pure functions
    history.py     the year before the opening: what was sold and paid; supply.py: what was bought and made for it; documents.py: its
                   documents; noise.py: what went wrong with money and stock
    opening.py     what is open when the books open, and balances that agree with it
    build.py       a world as streams, or all at once; seeding.py: what the seeds of several systems must agree on
    tables.py      a world as rows, in one pass, paper.py those of its documents; export/ writes them into files
    answers.py     the answer key: which records are the same thing in truth, and what was made wrong in them; scoring/ grades by it

Deterministic: the same `WorldSpec` gives the same world in every process.
"""

from __future__ import annotations

from shapan.world.answers import AnswerKey
from shapan.world.build import World, build_world
from shapan.world.entities import (
    Address,
    Company,
    CrmContact,
    CrmCustomer,
    CrmProduct,
    CrmView,
    FinanceCustomer,
    FinanceView,
    OpeningReceivable,
    Person,
    Product,
    ScmPartner,
    ScmProduct,
    ScmView,
)
from shapan.world.errors import WorldError
from shapan.world.spec import Profile, WorldSpec, list_profiles, load_profile

__all__ = [
    "Address",
    "AnswerKey",
    "Company",
    "CrmContact",
    "CrmCustomer",
    "CrmProduct",
    "CrmView",
    "FinanceCustomer",
    "FinanceView",
    "OpeningReceivable",
    "Person",
    "Product",
    "Profile",
    "ScmPartner",
    "ScmProduct",
    "ScmView",
    "World",
    "WorldError",
    "WorldSpec",
    "build_world",
    "list_profiles",
    "load_profile",
]
