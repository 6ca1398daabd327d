"""Rules: writing one, trying it on answers that came in, and letting it act."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Message, Rule, RuleFiring, RuleLater, RuleVersion, User
from services import settings
from services.rules import keeping
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, open_page, said_last
from tests.pages.test_trends import clock
from tests.rules.desks import HIGH, LOW, MANAGER, MINUTE, answered, mailing, rule, turn

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")
EVIL = "<img src=x> ![x](http://tracker.invalid/p.png)"
OPEN = {"do": "open"}
THANK = {"do": "message", "template": "Thanks", "after": 30}


def person(role: str = "manager", **values: Any) -> User:
    with transaction() as session:
        return make.user(session, role, **values)


def opened(user: User, **query: str) -> AppTest:
    at = open_page(user, "rules.py", query)
    assert not at.exception, at.exception
    return at


def kept(name: str = "Low", *, live: bool = False, **more: Any) -> int:
    """A rule that somebody wrote."""
    given = {"conditions": [LOW], "actions": [OPEN]} | more
    with transaction() as session:
        return rule(session, name, live=live, **given)


def texts(at: AppTest) -> str:
    return "\n".join(str(one.value) for one in (*at.main.text, *at.caption))


def table(at: AppTest, name: str) -> list[list[str]]:
    """The cells of a table by the words of its caption."""
    found = [json.loads(e.proto.json) for e in at.get("bidi_component")]
    (data,) = [one for one in found if str(one.get("caption", "")).startswith(name)]
    return [row["cells"] for row in data["rows"]]


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click().run()
    assert not at.exception, at.exception
    return at


def bodies() -> list[dict[str, Any]]:
    with transaction() as session:
        return [one.body for one in session.exec(select(RuleVersion).order_by(RuleVersion.n))]  # type: ignore[arg-type]


def box(at: AppTest, kind: str, ending: str) -> Any:
    """The last box whose key ends so."""
    return [one for one in at.get(kind) if str(one.key).endswith(ending)][-1]


def test_an_empty_desk_says_what_rules_do_and_begins_with_a_starter() -> None:
    at = opened(person())
    assert "as it comes in" in texts(at)
    press(at, "start_Leaving customers")
    assert "Comment contains “cancel”, “leave”" in texts(at)
    press(at, "save_rule")
    assert said_last(at) == "Saved. Nothing acts by that."
    assert [one["actions"][0] for one in bodies()] == [OPEN]
    with transaction() as session:
        assert session.exec(select(Rule.live)).one() is None


def test_a_rule_is_written_from_nothing_and_what_is_missing_is_said_at_once() -> None:
    at = press(opened(person()), "new_rule")
    assert "Add an action" in texts(at)
    press(at, "add_conditions")
    press(at, "add_actions")
    assert "Score is a whole number, 0 to 10" in texts(at)
    box(at, "number_input", "_value").set_value(4).run()
    assert "If: Score is at most 4" in texts(at) and "Then: Open a case" in texts(at)
    box(at, "selectbox", "_do").set_value("push").run()
    assert "A case goes to zendesk" in texts(at)
    box(at, "selectbox", "_vendor").set_value("slack").run()
    box(at, "text_input", "_name").set_value("Low ones")
    press(at, "save_rule")
    assert bodies() == [
        {"any": False, "last": False,
         "conditions": [{"field": "score", "op": "at_most", "value": 4}],
         "actions": [{"do": "push", "vendor": "slack"}]}
    ]  # fmt: skip


def test_the_words_of_a_comment_stand_one_a_line_each_kept_once() -> None:
    many = ["cancel", "leave", "competitor", "kündig", "too slow, too dear"]
    one = kept(conditions=[{"field": "comment", "op": "contains", "value": many}])
    at = opened(person(), rule=str(one))
    assert box(at, "text_area", "_lines").value == "\n".join(many)
    assert "Not saved yet" not in texts(at)
    box(at, "text_area", "_lines").set_value(" \n").run()
    assert "Comment needs at least one value, and takes 50 at most" in texts(at)
    box(at, "text_area", "_lines").set_value(" leave \n\nnever again\nleave\n").run()
    assert "Comment contains “leave” or “never again”" in texts(at)
    press(at, "save_rule")
    assert bodies()[-1]["conditions"][0]["value"] == ["leave", "never again"]


EVERY = [
    {"field": "score", "op": "at_least", "value": 2}, LOW,
    {"field": "survey", "op": "is", "value": [1]}, {"field": "unit", "op": "is_not", "value": [1]},
    {"field": "comment", "op": "lacks", "value": ["fine", "解約"]},
    {"field": "asked", "op": "is", "value": False},
    {"field": "time", "op": "between", "value": ["18:00", "08:30"]},
    {"field": "property", "op": "is", "value": ["pro"], "name": "plan"},
    {"field": "stage", "op": "is", "value": ["trial"]},
]  # fmt: skip
DONE = [
    OPEN, {"do": "assign", "to": "turn", "id": 1}, {"do": "priority", "hours": 12},
    {"do": "tag", "name": "seen"}, {"do": "push", "vendor": "zendesk"},
    {"do": "notify", "to": "user", "id": 1}, {"do": "notify", "to": "owner"},
]  # fmt: skip


ASK = {"do": "ask", "favour": "review", "template": "Thanks", "after": 0}


@pytest.mark.parametrize("speaks", [THANK, ASK], ids=["message", "ask"])
def test_every_condition_and_action_has_boxes_that_keep_what_it_says(
    speaks: dict[str, Any],
) -> None:
    with transaction() as session:
        make.user(session, "csm", team_id=make.team(session).id)
        make.response(session, 2, unit_id=make.unit(session).id)
        mailing(session)
    done = [*DONE, speaks]
    one = kept(conditions=EVERY, actions=done, any=True, last=True)
    at = opened(person(), rule=str(one))
    box(at, "text_input", "_name").set_value("Another name").run()
    press(at, "save_rule")
    assert bodies() == [{"any": True, "last": True, "conditions": EVERY, "actions": done}], (
        "nothing but the name was changed"
    )
    with transaction() as session:
        assert session.exec(select(Rule.name)).one() == "Another name"


def test_rows_are_removed_one_by_one_and_the_others_keep_theirs() -> None:
    one = kept(conditions=[LOW, {"field": "score", "op": "at_most", "value": 3}])
    at = opened(person(), rule=str(one))
    first = next(b for b in at.button if str(b.key).startswith("drop_"))
    press(at, str(first.key))
    assert "Score is at most 3" in texts(at) and "Band" not in texts(at)
    assert "Not saved yet" in texts(at)


def test_a_version_acts_only_after_a_look_at_what_it_would_have_done() -> None:
    one = kept()
    at = opened(person(), rule=str(one))
    press(at, "rule_live")
    assert standing() == (None, None) and "Version 1: It fires on 0 of" in texts(at)
    press(at, "rule_no")
    assert not [b for b in at.button if b.key == "rule_yes"]
    press(press(at, "rule_live"), "rule_yes")
    assert standing() == (1, None)
    press(at, "rule_off")
    assert standing() == (None, None)


def standing() -> tuple[int | None, int | None]:
    with transaction() as session:
        one = session.exec(select(Rule)).one()
        return one.live, one.shadow


def test_the_shadow_is_held_against_what_acts_and_an_earlier_version_is_brought_back() -> None:
    one = kept(live=True)
    at = opened(person(), rule=str(one))
    box(at, "toggle", "_last").set_value(True).run()
    press(press(at, "save_rule"), "rule_shadow")
    assert standing() == (1, 2)
    answered(NOW + MINUTE, {"score": 1, "email": "a@example.com"})
    turn(NOW + MINUTE)
    at.run()
    assert "In the shadow it fired on 1 answer so far" in texts(at)
    assert "+ No further rule is looked at" in texts(at)
    press(press(at, "rule_live"), "rule_yes")
    assert standing() == (2, None)
    press(press(at, "back_1"), "rule_yes")
    assert standing() == (1, None)


def test_what_fired_says_why_and_what_waits_can_be_stopped() -> None:
    with transaction() as session:
        mailing(session)
    one = kept("Thank", live=True, conditions=[HIGH], actions=[THANK])
    answered(NOW, {"score": 10, "email": "a@example.com", "name": EVIL})
    turn(NOW)
    at = opened(person())
    (row,) = table(at, "Firings, the newest first")
    assert row[1] == "Thank" and "band is high (promoter) (version 1)" in row[5]
    assert "waits until" in row[6]
    assert "“Thanks”, by the rule “Thank”: in 30 min" in texts(at)
    with transaction() as session:
        later_id = session.exec(select(RuleLater.id)).one()
    press(at, f"stop_{later_id}")
    assert "no, somebody stopped it" in table(at, "Firings")[0][6]
    assert one and "tracker" not in marked_up(at)


def test_a_thank_you_is_stopped_on_the_case_and_told_on_the_page_of_the_person() -> None:
    with transaction() as session:
        mailing(session)
        rule(session, "Sorry", [LOW], [OPEN, {"do": "priority", "hours": 24}, THANK])
    for n in range(2):
        answered(NOW + n * MINUTE, {"score": 1, "email": f"{n}@example.com"})
    turn(NOW + MINUTE)
    support = person("support")
    at = open_page(support, "case.py", {"number": "1"})
    assert "“Thanks”, by the rule “Sorry”: in 30 min" in texts(at)
    press(at, "stop_1")
    assert "Waits to be sent" not in [one.value for one in at.header]
    turn(NOW + timedelta(hours=1))
    with transaction() as session:
        sent = session.exec(select(RuleLater.outcome).order_by(RuleLater.id)).all()  # type: ignore[arg-type]
        to = session.exec(select(Message.contact_id).where(Message.kind == "auto")).one()
    assert sent == ["stopped", "sent"]
    (row,) = table(open_page(support, "contact.py", {"id": str(to)}), "What rules sent")
    assert row[1:] == ["Sorry", "Thank you", "2"]


def test_the_settings_of_rules_are_kept() -> None:
    at = open_page(person("admin"), "desk_settings.py")
    at.number_input(key="set_auto_gap_days").set_value(3).run()
    at.toggle(key="set_rules_first").set_value(True).run()
    with transaction() as session:
        assert settings.get(session, "auto_gap_days") == 3
        assert settings.get(session, "rules_first") is True


def test_the_list_tells_what_acts_and_is_put_in_another_order() -> None:
    first, second = kept("First", live=True), kept("Second")
    with transaction() as session:
        of = make.response(session, 1)
        session.add(RuleFiring(rule_id=first, n=1, mode="live", response_id=of.id or 0, at=NOW,
                               because=[{"nth": 0, "field": "band"}], effects=[]))  # fmt: skip
    at = opened(person())
    assert [row[1:4] for row in table(at, "Rules in their order")] == [
        ["First", "version 1 acts since " + f"{row_day()}", "1"], ["Second", "off", "-"],
    ]  # fmt: skip
    press(at, f"Up_{second}")
    assert [row[1] for row in table(at, "Rules in their order")] == ["Second", "First"]


def row_day() -> str:
    with transaction() as session:
        at = session.exec(select(Rule.live_at).where(Rule.live == 1)).one()
        assert at is not None
        return f"{at:%d %b %Y}"


def test_a_csm_proposes_and_decides_nothing() -> None:
    kept("First"), kept("Second")
    at = opened(person("csm"), rule="1")
    assert "a manager lets it act" in texts(at) and box(at, "text_input", "_name").disabled
    keys = {str(one.key) for one in at.button}
    assert not keys & {"rule_live", "rule_shadow", "rule_off", "retire_rule"}
    box(at, "toggle", "_last").set_value(True).run()
    press(at, "save_rule")
    assert len(bodies()) == 3 and said_last(at) == "Saved. Nothing acts by that."
    assert "a manager decides" in texts(opened(person("csm")))


def test_a_further_version_by_somebody_else_loses_nothing() -> None:
    one = kept()
    at = opened(person(), rule=str(one))
    box(at, "toggle", "_last").set_value(True).run()
    with transaction() as session:
        body = {"conditions": [], "actions": [OPEN]}
        keeping.save(session, MANAGER, name="Low", body=body, now=NOW, rule_id=one)
    press(at, "save_rule")
    assert "Somebody saved version 2 meanwhile" in said_last(at) and len(bodies()) == 2
    assert box(at, "toggle", "_last").value
    press(press(at, "keep_mine"), "save_rule")
    assert len(bodies()) == 3 and bodies()[2]["last"]


def test_a_rule_is_removed_and_its_name_is_free_again() -> None:
    at = press(opened(person(), rule=str(kept())), "retire_rule")
    assert "as it comes in" in texts(at)
    assert kept()


def test_an_address_of_no_rule_says_so_and_shows_the_others() -> None:
    kept()
    at = opened(person(), rule="99")
    assert "no rule 99" in texts(at) and len(table(at, "Rules in their order")) == 1


def test_names_of_rules_and_people_are_no_markup() -> None:
    one = kept(EVIL[:60])
    assert "tracker" not in marked_up(opened(person(name=EVIL), rule=str(one)))
    assert "tracker" not in marked_up(opened(person()))


def test_support_has_no_such_page() -> None:
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page(person("support"), "rules.py")
