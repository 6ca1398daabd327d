"""Written amounts of money -> exact decimals; an unclear thousands sign is refused, not guessed.

"84,000", "84.000,00", "84 000", "$84k" and "1.2M" are clear. "1.234" is either one thousand or one
point two: the column's other amounts must settle what the dot means, or the amount is rejected.
A comma before exactly three figures separates thousands unless the column shows decimal commas.
"""

import re
from collections.abc import Iterable
from decimal import Decimal

_SYMBOLS = {"€": "EUR", "£": "GBP", "¥": "", "$": "", "US$": "USD", "A$": "AUD", "C$": "CAD"}
_SIZES = {"": 0, "k": 3, "tsd": 3, "m": 6, "mn": 6, "mio": 6, "mm": 6, "mil": 3}
_AMOUNT = re.compile(
    r"(?P<before>[A-Z]{3}|[AC]\$|US\$|[€£¥$])?\s*(?P<figures>\d[\d.,' ]*?)\s*"
    r"(?P<size>k|tsd|mio|mil|mn|mm|m)?\.?\s*(?P<after>[A-Z]{3}|[€£¥$])?",
    re.IGNORECASE | re.ASCII,
)
_GROUPS = {
    sign: re.compile(rf"\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+", re.ASCII) for sign in (".", ",")
}
_MOST = Decimal(10) ** 12
_LONGEST = 60  # characters; longer texts are no amounts and only cost time

_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP "
    "BYN BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP "
    "GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS "
    "KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR "
    "MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF "
    "SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD "
    "TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES = frozenset(_CODES.split(" "))


class BadMoney(ValueError):
    """Not an amount or a currency that can be taken; the message says why, in words."""


def currency(text: str) -> str | None:
    """A code of ISO 4217 in capitals, None for an empty cell."""
    code = text.strip().upper()
    if not code:
        return None
    code = _SYMBOLS.get(code, code)
    if code not in CURRENCIES:
        raise BadMoney("this is not a currency code of three letters (ISO 4217)")
    return code


def decimal_sign(values: Iterable[str]) -> str | None:
    """The decimal sign that a column's clear amounts prove; None if none or both are proved."""
    proved = {sign for value in values if (sign := _proof(value))}
    return proved.pop() if len(proved) == 1 else None


def _proof(value: str) -> str | None:
    match = _AMOUNT.fullmatch(value.strip()) if len(value) <= _LONGEST else None
    figures = re.sub(r"[ ']", "", match["figures"]) if match else ""
    dot, comma = figures.rfind("."), figures.rfind(",")
    if dot >= 0 and comma >= 0:
        return "." if dot > comma else ","
    sign = "." if dot >= 0 else ","
    if figures.count(sign) > 1:
        return "," if sign == "." else "."
    return sign if sign in figures and len(figures) - 1 - figures.rfind(sign) != 3 else None


def amount(text: str, sign: str | None = None) -> tuple[Decimal | None, str | None]:
    """(amount, currency written beside it); `sign` is the column's decimal sign.

    Both are None for an empty cell; "$" alone names no currency, many countries use it. BadMoney:
    no amount, an unclear or negative one, more than two decimals or twelve places.
    """
    text = text.strip().replace("\u00a0", " ").replace("\u202f", " ")
    if not text:
        return None, None
    match = _AMOUNT.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        negative = text.startswith(("-", "(", "\u2212"))
        raise BadMoney("the amount is negative" if negative else "this is not an amount of money")
    size = _SIZES[(match["size"] or "").lower()]
    value = Decimal(_plain(match["figures"], sign)).scaleb(size)
    if value >= _MOST:
        raise BadMoney("the amount is too large")
    if value != round(value, 2):
        raise BadMoney("the amount has more than two decimals")
    written = {code for mark in (match["before"], match["after"]) if mark and (code := _code(mark))}
    if len(written) > 1:
        raise BadMoney("the amount names two currencies")
    return round(value, 2), written.pop() if written else None


def _code(mark: str) -> str | None:
    return _SYMBOLS[mark.upper()] or None if mark.upper() in _SYMBOLS else currency(mark)


def _plain(figures: str, sign: str | None) -> str:
    """Figures with at most a decimal dot; BadMoney where two readings remain."""
    figures = re.sub(r"[ ']", "", figures)
    dot, comma = figures.rfind("."), figures.rfind(",")
    if dot >= 0 and comma >= 0:
        point, group = (".", ",") if dot > comma else (",", ".")
        whole, _, rest = figures.rpartition(point)
        if _GROUPS[group].fullmatch(whole) and rest:
            return f"{whole.replace(group, '')}.{rest}"
    elif dot < 0 and comma < 0:
        return figures
    else:
        return _with_one_sign(figures, "." if dot >= 0 else ",", sign)
    raise BadMoney("this is not an amount of money")


def _with_one_sign(figures: str, found: str, sign: str | None) -> str:
    grouped = _GROUPS[found].fullmatch(figures) is not None
    if figures.count(found) > 1 and grouped:
        return figures.replace(found, "")
    if figures.count(found) == 1 and not grouped:
        whole, _, rest = figures.partition(found)
        return f"{whole}.{rest or '0'}"
    if not grouped:
        raise BadMoney("this is not an amount of money")
    if sign is not None and sign != found or sign is None and found == ",":
        return figures.replace(found, "")
    if sign == "." and found == ".":
        return figures
    raise BadMoney("thousands or decimals? write the amount without a thousands sign")
