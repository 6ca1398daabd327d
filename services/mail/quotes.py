"""What is new in an answer, without the history that mail programs add below or above it.

Judged line by line, so that no text can make it slow. In doubt a line stays: better too much of
what a customer wrote than too little.
"""

import re

_WORDIEST = 400  # characters of a line that may introduce a quotation
_WRAPPED = 3  # lines over which such a line may be broken

# "On 3 May 2026 at 10:12, Ana wrote:" in the languages of the programs that people use: how such a
# line starts, and the word it must hold. It ends with a colon and names a time or an address.
_SAYS = [
    (re.compile(rf"(?:{start})", re.I), re.compile(rf"(?:{says})", re.I))
    for start, says in [
        (r"on\b", r"\bwrote\b"),
        (r"(am|um)\b", r"\bschrieb\b"),
        (r"le\b", r"a écrit|écrivait"),
        (r"el\b", r"escribió"),
        (r"il\b", r"ha scritto"),
        (r"(em|no dia|a)\b", r"escreveu"),
        (r"op\b", r"schreef|geschreven"),
        (r"(den|d|på)\b", r"\bskrev\b"),
        (r"(w dniu|dnia)\b", r"napisał|pisze"),
        (r"dne\b", r"napsal"),
        (r"(ma|ti|ke|to|pe|la|su)\b", r"kirjoitti"),
    ]
]
# Where the language is none of these: year, time and address together are no sentence.
_YEAR, _TIME = re.compile(r"\d{4}"), re.compile(r"\d\d?[:.h]\d\d")
_ADDRESS = re.compile(r"<[^<>\s]+@[^<>\s]+>")
_ANY_SAYS = re.compile(
    r"\b(wrote|schrieb|skrev|schreef)\b|a écrit|escribió|ha scritto|escreveu|napisał|napsal"
    r"|пишет|написал|yazdı|のメール|[写寫]道|작성",
    re.I,
)
_ENDS_ALL = re.compile(
    r"[-_ ]{2,}\s?(original message|forwarded message|ursprüngliche nachricht|originalnachricht"
    r"|weitergeleitete nachricht|message d'origine|message transféré|mensaje original"
    r"|mensaje reenviado|messaggio originale|messaggio inoltrato|oorspronkelijk bericht"
    r"|doorgestuurd bericht|mensagem original|mensagem encaminhada|oryginalna wiadomość"
    r"|wiadomość oryginalna|originalmeddelande|oprindelig meddelelse|исходное сообщение"
    r"|пересылаемое сообщение|原始邮件|元のメッセージ)\s?[-_ ]{2,}"
    r"|begin forwarded message:|anfang der weitergeleiteten nachricht:"
    r"|début du message réexpédié\s?:|inicio del mensaje reenviado:",
    re.I,
)
_FROM = re.compile(r"\*?(from|von|de|da|van|från|fra|od|от|кому|发件人|差出人)\s?\*?\s?[:：]", re.I)
_SENT = re.compile(
    r"\*?(sent|date|gesendet|datum|envoyé|enviado( el)?|fecha|inviato|data|verzonden|skickat|sendt"
    r"|wysłano|отправлено|дата|发送时间|日期|送信日時)\s?\*?\s?[:：]",
    re.I,
)
_ADDRESSED = re.compile(
    r"\*?(to|an|à|para|a|aan|till|til|do|кому|收件人|宛先|subject|betreff|objet|asunto|oggetto"
    r"|assunto|onderwerp|ämne|emne|temat|тема|主题|件名)\s?\*?\s?[:：]",
    re.I,
)
_DEVICE = re.compile(
    r"(sent from my |sent from (outlook|mail|yahoo|proton)|get outlook for |von meinem .* gesendet"
    r"|gesendet von |gesendet mit |outlook für .* beziehen|envoyé de(puis)? mon |envoyé à partir de"
    r"|enviado desde mi |enviado do meu |inviato da|verstuurd vanaf mijn |skickat från min )",
    re.I,
)
_RULE = re.compile(r"[-_—]{5,}|[-_—]{2}")


def new_text(text: str) -> str:
    """`text` without quotations, signature and device line; all of it where nothing would stay."""
    written = text.split("\n")
    lines = [line.strip() for line in written]
    kept: list[str] = []
    at = 0
    while at < len(lines) and not _ends_here(lines, at):
        quoted = lines[at].startswith(">")
        taken = 0 if quoted else _introduction(lines, at)
        if taken and not _quoted_next(lines, at + taken):
            break  # a quotation without marks: nothing tells where it ends
        if not taken and not quoted:
            kept.append(written[at].rstrip())
        at += taken or 1
    return _trimmed(kept) or text.strip()


def _ends_here(lines: list[str], at: int) -> bool:
    """Whether from here on all is history or signature."""
    line = lines[at]
    if line == "--" or _ENDS_ALL.match(line[:_WORDIEST]):
        return True
    if not _FROM.match(line):
        return False
    following = [line[:_WORDIEST] for line in lines[at + 1 : at + 7]]
    return any(map(_SENT.match, following)) and any(map(_ADDRESSED.match, following))


def _introduction(lines: list[str], at: int) -> int:
    """How many lines from here say that a quotation follows; 0 if they do not."""
    for count in range(1, _WRAPPED + 1):
        taken = lines[at : at + count]
        joined = " ".join(taken)
        if not all(taken) or len(joined) > _WORDIEST:
            return 0
        if joined.endswith((":", "：")):
            return count if _introduces(taken[0], joined, alone=count == 1) else 0
    return 0


def _introduces(first: str, joined: str, *, alone: bool) -> bool:
    """Whether a line says that a quotation follows; if it is broken, its first part must too."""
    address, year, time = _ADDRESS.search(joined), _YEAR.search(first), _TIME.search(first)
    if address and year and time:
        return True
    if not (address or year or time):
        return False
    if alone and (address or (year and time)) and _ANY_SAYS.search(joined):
        return True
    return any(start.match(first) and says.search(joined) for start, says in _SAYS)


def _quoted_next(lines: list[str], at: int) -> bool:
    while at < len(lines) and not lines[at]:
        at += 1
    return at < len(lines) and lines[at].startswith(">")


def _trimmed(lines: list[str]) -> str:
    """Without device lines, rules and blanks at the end, and without doubled blank lines."""
    while lines and (not lines[-1] or _RULE.fullmatch(lines[-1]) or _DEVICE.match(lines[-1])):
        lines.pop()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
