"""How one record is written down: the name in the system's style, the cells as they are or as somebody left them, and the log of it."""

from __future__ import annotations

from collections.abc import Callable

from shapan.world.dirt import fields, styles, surface
from shapan.world.draws import Stream, stream
from shapan.world.entities import Company, Noise
from shapan.world.mess import Mess
from shapan.world.spec import WorldSpec

_DEMO_STYLES = {"crm": "legal", "scm": "drop_form", "finance": "region_bracket_noform"}

Note = Callable[[Noise], None]
"""Takes one change for the noise log."""


class Pen:
    """Writes one record down: how its name is spelt and what becomes of its cells, and tells `note` of every change."""

    def __init__(
        self, mess: Mess, note: Note, spec: WorldSpec, system: str, kind: str, record_id: str, entity: str, demo: bool
    ) -> None:
        self.mess = mess
        self.record_id = record_id
        self.demo = demo
        self._note = note
        self._system = system
        self._kind = kind
        self._path = (spec.seed, system, entity, record_id)

    def stream(self, aspect: str) -> Stream:
        """The chance of one aspect of this record."""
        return stream(*self._path, aspect)

    def log(self, field: str, rule: str, before: str | None, after: str | None) -> None:
        """One change for the noise log."""
        path = ":".join(map(str, (*self._path, field)))
        self._note(Noise(self._system, self._kind, self.record_id, field, rule, before or "", after or "", path))

    def name(self, field: str, company: Company, factor: float = 1) -> str:
        """The name in the system's style, then what happened to it on its way in; `factor` times as often as the mess says."""
        if self.demo:
            return self._styled(field, company, _DEMO_STYLES[self._system])
        # One number for the style and one for each rule, always, so that another rate of one rule changes nothing else.
        rng = self.stream("name")
        chance = rng.random()
        text = company.legal_name
        for style, share in self.mess.styles[self._system]:
            chance -= share
            if chance < 0:
                text = self._styled(field, company, style)
                break
        for rule, share in self.mess.surface:
            if rng.random() < share * factor:
                spoilt = surface.RULES[rule](text, self.stream(rule))
                if spoilt is not None:
                    self.log(field, f"surface.{rule}", text, spoilt)
                    text = spoilt
        return text

    def _styled(self, field: str, company: Company, style: str) -> str:
        styled = styles.STYLES[style](company, self.stream(style))
        if styled is None:
            return company.legal_name
        self.log(field, f"style.{style}", company.legal_name, styled)
        return styled

    def credit_code(self, field: str, code: str) -> str | None:
        """The credit code, or none, or one that no company has."""
        if self.demo:
            return code
        rng = self.stream("code")
        chance = rng.random() - self._rate("uscc_missing")
        if chance < 0:
            self.log(field, "field.uscc_missing", code, None)
            return None
        if chance < self._rate("uscc_bad"):
            bad = fields.bad_uscc(code, rng)
            self.log(field, "field.uscc_bad", code, bad)
            return bad
        return code

    def phone(self, field: str, phone: str) -> str | None:
        """The telephone, or none, or another one of the company, or one that nobody can ring."""
        if self.demo:
            return phone
        rng = self.stream("phone")
        chance = rng.random()
        for rule in ("phone_missing", "phone_other", "phone_invalid"):
            chance -= self._rate(rule)
            if chance < 0:
                after = None
                if rule == "phone_other":
                    after = fields.other_phone(phone, rng)
                elif rule == "phone_invalid":
                    after = fields.bad_phone(phone, rng)
                self.log(field, f"field.{rule}", phone, after)
                return after
        return phone

    def optional(self, field: str, text: str, missing: str | None = None) -> str | None:
        """A cell that need not be filled: as it is, or a placeholder (占位值), or left empty at the rate named `missing`."""
        if self.demo:
            return text
        rng = self.stream(field)
        chance = rng.random() - (self._rate(missing) if missing else 0)
        if chance < 0:
            self.log(field, f"field.{missing}", text, None)
            return None
        if chance < self._rate("placeholder"):
            filler = fields.placeholder(rng)
            self.log(field, "field.placeholder", text, filler)
            return filler
        return text

    def keeps(self, what: str) -> bool:
        """Whether a record keeps something, at the rate of that name."""
        return self.demo or self.stream(what).random() < self._rate(what)

    def _rate(self, name: str) -> float:
        return self.mess.rates[f"fields.{self._system}.{name}"]
