"""Guesses which column is which, from names in three languages and from the values, and says why.

A proposal is shown to a person before anything is stored; it is never applied silently.
"""

import re
from collections.abc import Callable, Iterable

from services.importing.date_text import BadDate, read
from services.importing.mapping import Mapping, plain

SAMPLE = 500  # rows that are looked at

_NAMES = {
    "score": "score|nps score|nps|rating|overall rating|csat|csat score|ces|ces score|points|note|"
    "likelihood to recommend|recommendation|stars|grade|bewertung|punktzahl|punkte|wertung|"
    "weiterempfehlung|puntuacion|puntaje|calificacion|valoracion|nota|nps rating|answer value",
    "comment": "comment|comments|feedback|text|review|review text|verbatim|content|message|answer|"
    "response text|open text|free text|remarks|reason|kommentar|anmerkung|begründung|freitext|"
    "rückmeldung|comentario|comentarios|opinion|observaciones|mensaje|nps comment",
    "answered_at": "answered at|created at|responded at|response date|response time|date|datetime|"
    "timestamp|time|submitted at|submitted|completed at|survey date|received at|review date|"
    "recorded date|end date|datum|zeitpunkt|beantwortet am|erstellt am|antwortdatum|zeitstempel|"
    "fecha|fecha de respuesta|fecha y hora|respondido el|creado el",
    "external_id": "external id|response id|id|responseid|uuid|survey response id|answer id|"
    "record id|submission id|antwort id|kennung|id de respuesta|identificador",
    "email": "email|e-mail|email address|e-mail address|mail|customer email|contact email|"
    "person email|end user email|recipient email|e-mail-adresse|mailadresse|correo|"
    "correo electronico|respondent email",
    "name": "name|full name|customer name|contact name|person name|respondent name|respondent|"
    "kunde name|kundenname|ansprechpartner|vollständiger name|nombre|nombre completo|end user name",
    "account": "account|account name|company|company name|organization|organisation|customer|"
    "client|firma|firmenname|unternehmen|kunde|empresa|compañia|cliente|cuenta",
    "channel": "channel|survey channel|medium|distribution channel|kanal|canal",
    "touchpoint": "touchpoint|touch point|journey stage|survey trigger|kontaktpunkt|"
    "punto de contacto",
    "followup": "followup|follow up|follow up requested|may we contact you|contact me|contact ok|"
    "wants contact|rückruf erwünscht|kontakt erwünscht|contactar|seguimiento",
    "anonymous": "anonymous|is anonymous|anonym|anonimo",
}
NAMES = {name: [plain(each) for each in text.split("|")] for name, text in _NAMES.items()}
_PARTS = {
    "score": r"score|rating|\bnps\b|recommend|bewertung|puntua|califica",
    "comment": r"comment|feedback|verbatim|kommentar|coment|why|what could",
    "answered_at": r"\b(date|datum|fecha)|(creat|respond|submitt|answer|complet)ed (at|on)",
    "email": r"e.?mail|correo",
}
_SCORE = re.compile(r"(\d{1,2})(?:[.,]0+)?", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_BOOLEAN = {"0", "1"}
_NAME_HIT, _PART_HIT, _VALUE_HIT, _DOUBTED_HIT = 1000, 500, 100, 10


def propose(columns: list[str], sample_rows: Iterable[list[str]]) -> Mapping:
    """The likeliest column per field with a reason in words; no column serves two fields."""
    values: list[list[str]] = [[] for _ in columns]
    for cells in sample_rows:
        for kept, cell in zip(values, cells, strict=False):
            if cell.strip():
                kept.append(cell.strip())
    offers = [
        (points, name, column, reason)
        for column, seen in zip(columns, values, strict=True)
        for name in NAMES
        for points, reason in _offers(name, column, seen)
    ]
    return _take(offers)


def _take(offers: list[tuple[float, str, str, str]]) -> Mapping:
    chosen: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for _, name, column, reason in sorted(offers, key=lambda offer: -offer[0]):
        if name not in chosen and column not in chosen.values():
            chosen[name], reasons[name] = column, reason
    ordered = [name for name in NAMES if name in chosen]
    return Mapping({name: chosen[name] for name in ordered}, {n: reasons[n] for n in ordered})


def _offers(name: str, column: str, seen: list[str]) -> Iterable[tuple[float, str]]:
    """Points from the name and from the values, whose contradiction leaves little of a name."""
    judge = _JUDGES.get(name)
    fit, words = judge(seen) if judge else (1.0, "")
    doubted = bool(seen) and fit < 0.5
    short = plain(column)
    if short in NAMES[name]:
        if doubted and name == "external_id":
            return
        rank = NAMES[name].index(short)
        points = _DOUBTED_HIT if doubted else _NAME_HIT if seen else _VALUE_HIT
        yield points - rank / 100 + fit, f"the column is called {column!r}"
    elif doubted or judge is None:
        return
    elif name in _PARTS and re.search(_PARTS[name], _spaced(column)):
        yield _PART_HIT + 100 * fit, f"{column!r} sounds like it" + (words and f", and {words}")
    elif seen and fit > 0.8 and name != "external_id":
        yield _VALUE_HIT * fit, words


def _spaced(column: str) -> str:
    return re.sub(r"[\W_]+", " ", column).casefold()


def _like_scores(seen: list[str]) -> tuple[float, str]:
    hits = [match[1] for match in map(_SCORE.fullmatch, seen) if match and int(match[1]) <= 10]
    if len(seen) > 20 and {str(int(hit)) for hit in hits} <= _BOOLEAN:
        return 0.0, ""  # yes/no columns are figures too
    return _share(len(hits), seen), "its values are whole numbers from 0 to 10"


def _like_dates(seen: list[str]) -> tuple[float, str]:
    return _share(sum(map(_is_date, seen)), seen), "its values are dates"


def _is_date(text: str) -> bool:
    if text.isdigit() and len(text) < 10:
        return False
    for order in ("dmy", "mdy"):
        try:
            read(text, order)
        except BadDate:
            continue
        return True
    return False


def _like_emails(seen: list[str]) -> tuple[float, str]:
    return _share(sum(1 for each in seen if _EMAIL.fullmatch(each)), seen), "its values hold an @"


def _like_comments(seen: list[str]) -> tuple[float, str]:
    """Free text has several words; the longest text wins through its mean length."""
    wordy = _share(sum(1 for each in seen if each.count(" ") >= 2), seen)
    length = sum(map(len, seen)) / max(len(seen), 1)
    if wordy > 0.5 and length >= 15 and len(set(seen)) > len(seen) / 2:
        return 0.8 + min(length, 1000) / 5000, "its values are the longest free text"
    return 0.5 if seen and length > 3 else 0.0, "its values are texts"


def _like_ids(seen: list[str]) -> tuple[float, str]:
    """The id of an answer never comes twice; the id of a person does."""
    return float(len(set(seen)) >= 0.98 * len(seen)), "no value comes twice"


def _share(hits: int, seen: list[str]) -> float:
    return hits / len(seen) if seen else 0.0


_JUDGES: dict[str, Callable[[list[str]], tuple[float, str]]] = {
    "score": _like_scores,
    "answered_at": _like_dates,
    "email": _like_emails,
    "comment": _like_comments,
    "external_id": _like_ids,
}
