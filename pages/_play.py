"""The play of a case: what fits, its steps, whom not to ask, and how it ended."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door
from pages._ask import ask, fresh
from pages._case_acts import do
from pages._look import shown
from pages._parts import table
from pages._people_parts import act
from services import asks
from services.cases import playing
from services.domain.plays import OF_DETRACTORS, RESULTS, SHEETS, Play, Reply
from services.domain.roles import Verb
from services.insights.play_sheet import CasePlay, PlayStep, case_play
from services.templates import offered

IDEAL = {True: "Yes", False: "No"}


def play_box(number: int) -> None:
    """The box on the case; one who may not work on cases reads it only."""
    sheet = fresh(case_play, number, now=_door.now())
    may = _door.actor().may(Verb.WORK_CASES)
    with st.container(key="play"):
        st.header(f"Play: {sheet.play.label}" if sheet.play else "Play", anchor=False)
        if sheet.play is None:
            _choose(sheet)
            return
        if sheet.play in OF_DETRACTORS:
            _ideal(sheet, may)
        open_to = may and sheet.result is None
        for step, before in zip(sheet.steps, (None, *sheet.steps), strict=False):
            _step(sheet, step, open_to)
            if open_to and step.why_not and step.why_not != (before and before.why_not):
                st.caption(step.why_not)
            if step.done and step.favour:
                _reply(sheet, step, may)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _end(sheet, sheet.play, may)
            if open_to:
                _write(sheet)


def _choose(sheet: CasePlay) -> None:
    """What fits the answer, one button away."""
    if not _door.actor().may(Verb.WORK_CASES):
        st.text("None was started.")
        return
    fits = [*OF_DETRACTORS] if sheet.low else [sheet.suggested]
    if sheet.low:
        st.text("Do we want this customer?")
    with st.container(horizontal=True, gap="small"):
        for play in fits:
            ideal = play is Play.WIN_BACK if sheet.low else None
            said = f"{IDEAL[ideal]}: {play.label.lower()}" if ideal is not None else play.label
            _button(
                sheet, said, playing.start, f"Play: {play.label}.", play=play.value, ideal=ideal
            )
        with st.popover("Another play", type="tertiary", key=f"play_other_{sheet.version}"):
            for play in (play for play in Play if play not in fits):
                _button(sheet, play.label, playing.start, f"Play: {play.label}.", play=play.value)


def _ideal(sheet: CasePlay, may: bool) -> None:
    key = f"play_ideal_{sheet.number}"
    st.session_state[key] = sheet.ideal

    def said() -> None:
        if (ideal := st.session_state[key]) is not None:
            words = "A customer we want." if ideal else "Not our customer."
            _do(sheet, playing.judge, words, ideal=ideal)

    st.segmented_control(
        "Do we want this customer?", [*IDEAL], key=key, format_func=IDEAL.__getitem__,
        on_change=said, disabled=not may,
    )  # fmt: skip


def _step(sheet: CasePlay, step: PlayStep, may: bool) -> None:
    """The page says what the case says: a refused tick is none."""
    key = f"play_step_{sheet.number}_{step.key}"
    st.session_state[key] = step.done

    def ticked() -> None:
        done = st.session_state[key]
        verb = playing.tick if done else playing.untick
        _do(sheet, verb, "Step done." if done else "Step not done.", step=step.key)

    blocked = not may or (step.why_not is not None and not step.done)
    st.checkbox(step.words, key=key, on_change=ticked, disabled=blocked)


def _reply(sheet: CasePlay, step: PlayStep, may: bool) -> None:
    key = f"play_reply_{sheet.number}_{step.key}"
    st.session_state[key] = step.reply

    def heard() -> None:
        if (reply := st.session_state[key]) is not None:
            _do(sheet, playing.favoured, "Noted.", favour=step.key, reply=reply.value)

    st.segmented_control(
        f"What came of it ({step.favour.label})" if step.favour else "", [*Reply], key=key,
        format_func=lambda reply: reply.label, on_change=heard, disabled=not may,
    )  # fmt: skip


def _end(sheet: CasePlay, play: Play, may: bool) -> None:
    done = f"{sheet.done} of {len(sheet.steps)} steps done"
    st.text(f"Ended: {RESULTS[sheet.result]}, {done}" if sheet.result else done, width="content")
    if not may:
        return
    label = "It ended otherwise" if sheet.result else "End the play"
    with st.popover(label, key=f"play_end_{sheet.number}_{sheet.version}"):
        for result, words in SHEETS[play].results.items():
            if result != sheet.result:
                _button(sheet, words, playing.end, f"The play ended: {words}.", result=result)


def _write(sheet: CasePlay) -> None:
    """Begin the reply from a template: it stands in the box for replies then."""
    found = {one.id: f"{shown(one.name)} ({one.language})" for one in fresh(offered, sheet.number)}
    if not found:
        return
    key = f"play_write_{sheet.number}"

    def chosen() -> None:
        if (template_id := st.session_state[key]) is not None:
            act(
                lambda session: (
                    playing.begin_reply(
                        session,
                        _door.actor(),
                        sheet.number,
                        template_id=template_id,
                        now=_door.now(),
                    )
                    or True
                ),
                "It stands under Reply, as a draft.",
            )

    with st.popover("Write from a template", key=f"play_write_box_{sheet.version}"):
        st.selectbox(
            "Template", [*found], None, key=key, format_func=found.__getitem__,
            on_change=chosen, placeholder="Choose",
        )  # fmt: skip


def _button(
    sheet: CasePlay, label: str, verb: Callable[..., Any], words: str, **given: Any
) -> None:
    st.button(label, key=f"play_{label}", on_click=_do, args=(sheet, verb, words), kwargs=given)


def _do(sheet: CasePlay, verb: Callable[..., Any], words: str, **given: Any) -> None:
    do(verb, sheet.number, words, version=sheet.version, **given)


def asked_before(contact_id: int, zone: str) -> None:
    """What a person was asked for, and what came of it; nothing where they never were."""
    found = ask(asks.of_contact, contact_id)
    if not found:
        return
    st.header("Asked for", anchor=False)
    columns = [{"label": "What", "css": "name"}, {"label": "When"}, {"label": "By", "css": "wide"},
               {"label": "What came of it"}]  # fmt: skip
    rows = [
        {"cells": [
            one.favour.label, f"{one.at.astimezone(ZoneInfo(zone)):%d %b %Y}",
            shown(one.by) or "the desk", one.reply.label if one.reply else "nothing heard yet",
        ]}
        for one in found
    ]  # fmt: skip
    table("asked_table", f"What this person was asked for, {len(found)}", columns, rows)
