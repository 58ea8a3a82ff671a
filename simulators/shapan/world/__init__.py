"""The world (世界): the true companies and products, and what each of the three systems makes of them.

    spec.py        which world: profile, size, seed, opening day; profiles are YAML files
    checks.py      what is wrong with such a file, every fault at once
    draws.py       all chance, one stream for each aspect of each entity
    companies.py   true companies: legal names, credit codes, addresses, telephones, people
    products.py    true products, from the profile's catalogue; codes.py says which codes look alike
    views.py       each system's view of them; here dirt will come in between truth and view (noise.py, a later release)
    opening.py     opening stock and opening balances, which agree with each other
    answers.py     the answer key: which records in which systems are the same thing in truth

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
