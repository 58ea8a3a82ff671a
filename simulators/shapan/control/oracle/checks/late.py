"""O9: how long each link between two systems took (环节时延), against a deadline.

Whoever asks says what is late. Without a deadline nothing is: the moments are simulated time, and a clock that was advanced on purpose makes
no integration slow. The delays stand in the verdict all the same.
"""

from __future__ import annotations

from shapan.control.oracle.books import Books
from shapan.control.oracle.delays import LINKS, Passage, passages_of
from shapan.control.oracle.finding import Check, Difference, Kind, Result

LATE = Kind("late")


def find(books: Books) -> Result:
    """One comparison per link that a document has passed, without a deadline."""
    return find_late(books, None)


def find_late(books: Books, deadline: float | None) -> Result:
    """The same against a deadline in seconds."""
    passages = list(passages_of(books))
    late = [] if deadline is None else [passage for passage in passages if passage.seconds > deadline]
    return Result(
        tuple(passage.document for passage in passages),
        tuple(_difference(deadline or 0.0, passage) for passage in late),
    )


def _difference(limit: float, passage: Passage) -> Difference:
    en, zh = LINKS[passage.link]
    document, follower = passage.document, passage.follower
    documents = (document,) if document == follower else (document, follower)
    at = "" if document == follower else f", {follower.number}"
    return Difference(
        LATE,
        documents,
        f"at most {limit:g} s",
        f"{passage.seconds:g} s",
        f"{document.number}{at}: from {en} took {passage.seconds:g} s; {limit:g} s are allowed.",
        f"{document.number}{at}：{zh}用了 {passage.seconds:g} 秒，时限为 {limit:g} 秒。",
    )


CHECK = Check(
    "O9",
    "late",
    "Each link from one system to the next was passed in time.",
    "各系统之间的每个环节都在时限内完成。",
    (LATE,),
    find,
    timed=find_late,
)
