"""What the exports of other survey tools look like, so that nobody has to map them by hand.

Neither vendor publishes the header of its CSV export. The names below are those of their public
APIs and help pages, with the spellings that exports commonly make of them; a column that is called
otherwise is mapped by hand, and all unknown columns become properties.

- Delighted: API "Listing survey responses" (id, person, survey_type, score, comment, permalink,
  created_at, updated_at, person_properties, notes, tags, additional_answers) and help article
  "Survey types overview": a project has one survey type; NPS and eNPS 0-10, CSAT and CES 1-5 with
  5 as the good end, 5-star 1-5, PMF 1-3.
- Wootric (InMoment): API "Responses" (id, created_at, updated_at, score, text, ip_address,
  origin_url, end_user_id, survey_id, completed, excluded_from_calculations, tags) and "End users"
  (email, last_surveyed, properties).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from services.domain.bands import Metric
from services.importing.limits import ImportRefused
from services.importing.mapping import Mapping, plain
from services.importing.proposals import propose

AUTO = "auto"


@dataclass(frozen=True)
class Preset:
    """How one tool names things. `fields` lists, per field, the column names in order of choice.

    A file is recognised (`auto`) by a column of `telling`, or by all names of one of `sets`.
    `metric_columns` hold the survey type of each row, in the words of `metrics`.
    """

    name: str
    source: str
    fields: dict[str, tuple[str, ...]]
    telling: tuple[str, ...] = ()
    sets: tuple[frozenset[str], ...] = ()
    metric_columns: tuple[str, ...] = ()
    metrics: tuple[tuple[str, Metric], ...] = ()
    excluded_column: str = ""  # rows that the tool itself leaves out of its score

    def recognises(self, columns: list[str]) -> bool:
        names = {plain(column) for column in columns}
        telling = any(name.startswith(mark) for mark in self.telling for name in names)
        return telling or any(each <= names for each in self.sets)

    def mapping(self, columns: list[str], sample_rows: Iterable[list[str]]) -> Mapping:
        """The mapping of this tool's columns; the generic preset proposes from the values."""
        if not self.fields:
            return propose(columns, sample_rows)
        by_plain = {plain(column): column for column in reversed(columns)}
        chosen: dict[str, str] = {}
        for field, names in self.fields.items():
            found = next((by_plain[name] for name in names if name in by_plain), None)
            if found is not None and found not in chosen.values():
                chosen[field] = found
        return Mapping(chosen, dict.fromkeys(chosen, f"as {self.name} calls it"))

    def metric_column(self, columns: list[str]) -> str | None:
        return next((name for name in columns if plain(name) in self.metric_columns), None)

    def excluded(self, columns: list[str]) -> str | None:
        return next((name for name in columns if plain(name) == self.excluded_column), None)

    def metric_of(self, written: str) -> Metric | None:
        return dict(self.metrics).get(plain(written))


DELIGHTED = Preset(
    name="delighted",
    source="delighted",
    fields={
        "external_id": ("responseid", "surveyresponseid", "id"),
        "score": ("score", "npsscore", "rating"),
        "comment": ("comment", "comments"),
        "answered_at": (
            "surveyrespondedat", "respondedat", "responsecreatedat", "responsedate", "createdat",
            "respondedtime", "responsetime", "date",
        ),
        "email": ("email", "personemail", "emailaddress"),
        "name": ("name", "personname"),
        "account": ("company", "companyname", "account", "accountname", "organization"),
        "channel": ("delightedsource", "source", "channel"),
    },
    telling=("delighted",),
    sets=(
        frozenset({"score", "comment", "permalink"}),
        frozenset({"score", "comment", "surveytype", "responseid"}),
        frozenset({"score", "comment", "surveytype", "personid"}),
    ),
    metric_columns=("surveytype",),
    metrics=(
        ("nps", Metric.NPS), ("netpromoterscore", Metric.NPS),
        ("csat", Metric.CSAT), ("customersatisfaction", Metric.CSAT),
        ("ces", Metric.CES), ("customereffortscore", Metric.CES),
    ),
)  # fmt: skip

WOOTRIC = Preset(
    name="wootric",
    source="wootric",
    fields={
        "external_id": ("responseid", "id"),
        "score": ("score", "npsscore", "nps"),
        "comment": ("text", "comment", "feedback"),
        "answered_at": (
            "createdat", "responsecreatedat", "date", "responsedate", "submittedat",
        ),
        "email": ("email", "enduseremail", "emailaddress"),
        "name": ("name", "endusername"),
        "account": ("companyname", "company", "accountname", "account"),
        "channel": ("channel", "surveychannel"),
        "touchpoint": ("touchpoint", "surveyname"),
    },
    telling=("wootric",),
    sets=(
        frozenset({"score", "text", "createdat", "enduserid"}),
        frozenset({"score", "text", "createdat", "originurl"}),
        frozenset({"score", "excludedfromcalculations"}),
        frozenset({"npsscore", "feedback", "enduserid"}),
    ),
    metric_columns=("metrictype", "surveytype", "metric"),
    metrics=(("nps", Metric.NPS), ("csat", Metric.CSAT), ("ces", Metric.CES)),
    excluded_column="excludedfromcalculations",
)  # fmt: skip

GENERIC = Preset(name="generic", source="import", fields={})

PRESETS = {preset.name: preset for preset in (DELIGHTED, WOOTRIC, GENERIC)}


def find(name: str, columns: list[str]) -> Preset:
    """The preset of this name; "auto" recognises one by the header, else takes the generic one."""
    if name == AUTO:
        return next((each for each in PRESETS.values() if each.recognises(columns)), GENERIC)
    if name not in PRESETS:
        raise ImportRefused(f"There is no preset {name!r}: use {AUTO} or {', '.join(PRESETS)}.")
    return PRESETS[name]
