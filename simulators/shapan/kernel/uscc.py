"""The unified social credit code (统一社会信用代码): reading it and checking its two check characters.

GB 32100-2015: 18 characters = registering department (1), class of entity (1), administrative division (6 digits),
organisation code of GB 11714-1997 (8 and its check character), check character. Pure; the world makes codes with it, the
rooms refuse wrong ones with it.
"""

from __future__ import annotations

import re

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters of GB 32100: no I, O, S, V, Z. A character's value is its place."""

_SHAPE = re.compile(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}")
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def organisation_check(body: str) -> str:
    """The check character of an organisation code (组织机构代码) after its 8 characters, GB 11714-1997: 0-9 or X.

    Values are 0-9 and A=10 ... Z=35; 11 - sum mod 11, where 10 is written X and 11 is written 0. ValueError for any other
    text than 8 ASCII digits and capitals.
    """
    if not re.fullmatch(r"[0-9A-Z]{8}", body):
        raise ValueError(f"{body!r} is not the 8 characters of an organisation code")
    total = sum(int(character, 36) * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def check_character(first17: str) -> str:
    """The 18th character after the first 17, GB 32100-2015: (31 - sum of value x 3^place mod 31) mod 31.

    ValueError for any other text than 17 characters of ALPHABET.
    """
    if len(first17) != 17 or not set(first17) <= _VALUE.keys():
        raise ValueError(f"{first17!r} is not the first 17 characters of a credit code")
    total = sum(_VALUE[character] * weight for character, weight in zip(first17, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def complete(department: str, division: str, body: str) -> str:
    """The whole code from the two leading characters ("91"), the 6-digit division (区划) and the 8-character body.

    ValueError when a part does not have its shape.
    """
    first17 = department + division + body + organisation_check(body)
    code = first17 + check_character(first17)
    if len(department) != 2 or not _SHAPE.fullmatch(code):
        raise ValueError(f"{department!r}, {division!r} and {body!r} do not make a credit code")
    return code


def check(uscc: str) -> bool:
    """Whether `uscc` is written as GB 32100 has it (18 capitals and digits, no blanks) and both check characters fit.

    Any single wrong character is found, because 31 is prime and no weight is 0 modulo 31; so is any exchange of two
    different characters in neighbouring places, because neighbouring weights differ.
    """
    return (
        _SHAPE.fullmatch(uscc) is not None
        and uscc[16] == organisation_check(uscc[8:16])
        and uscc[17] == check_character(uscc[:17])
    )
