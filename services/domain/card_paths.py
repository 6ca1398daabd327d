"""The parts of a case that a vendor's own fields can be filled from, by their paths. Pure."""

import re

PATHS = {
    "score": "the score", "band": "detractor, passive or promoter", "comment": "the comment",
    "metric": "NPS, CSAT or CES", "survey": "the survey", "touchpoint": "the touchpoint",
    "status": "the status of the case", "owner": "the owner of the case",
    "due": "when the promise is due", "link": "the address of the case",
    "number": "the number of the case",
    "contact.name": "the person's name", "contact.email": "the person's e-mail",
    "contact.role": "the person's role", "contact.external_id": "the person's id elsewhere",
    "account.name": "the company", "account.arr": "the company's ARR",
    "account.currency": "the currency of the ARR", "account.renewal_on": "the renewal date",
    "account.external_id": "the company's id elsewhere",
}  # fmt: skip
_PROPERTY = re.compile(r"(contact|account)\.properties\.([^.\s][^.]{0,79})")


def known(path: str) -> bool:
    """Whether a case has such a part: one of PATHS, or a property by its name."""
    return path in PATHS or bool(_PROPERTY.fullmatch(path))


def words(path: str) -> str:
    """What stands at the path, for people."""
    found = _PROPERTY.fullmatch(path)
    if found:
        whose = "the person's" if found[1] == "contact" else "the company's"
        return f"{whose} property {found[2]}"
    return PATHS.get(path, path)
