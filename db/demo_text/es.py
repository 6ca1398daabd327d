"""Spanish: names of days and months, words of the Americas, careless spelling."""

from collections.abc import Mapping
from random import Random

WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes")
MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
    "octubre", "noviembre", "diciembre",
)  # fmt: skip
AMERICAN = {
    "el ordenador": "la computadora", "cualquier ordenador": "cualquier computadora",
    "móvil": "celular", "furgonetas": "camionetas", "céntimo": "centavo", "a pedales": "lento",
    "el ayuntamiento": "la municipalidad", "va fino": "anda bien", "se apañan": "se arreglan",
    "me apaño": "me arreglo", "teclee": "escriba",
}  # fmt: skip
PLAIN = str.maketrans("áéíóúÁÉÍÓÚ", "aeiouAEIOU", "¿¡")


def local(text: str, facts: Mapping[str, str]) -> str:
    """Words of the region."""
    if facts.get("unit") == "Americas":
        for here, there in AMERICAN.items():
            text = text.replace(here, there)
    return text


def careless(rng: Random, text: str) -> str:
    """In a hurry nobody types accents, and "que" is "q"."""
    text = text.translate(PLAIN)
    return text.replace(" que ", " q ") if rng.random() < 0.3 else text
