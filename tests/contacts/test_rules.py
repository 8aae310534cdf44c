"""Which rules fire: once for each cause, never for what was so before, never in a circle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import facts, rules, templates
from contacts.facts import Course, Facts, Happening, Stage, marks
from contacts.rule_words import Reading
from contacts.rules import Do, Firing, Rule, decide, filled, matches

NOBODY = Facts()


def rule(when: object, name: str = "r", **more: Any) -> Rule:
    reading = Reading()
    found = reading.rule({"name": name, "when": when, "then": {"note": "x"}} | more)
    assert found is not None, reading.mistakes
    return found


def causes(one: Rule, before: Facts, after: Facts, **more: Any) -> list[str]:
    return [firing.cause for firing in decide([one], before, after, seen="7", **more)]


def scored(points: object) -> Facts:
    return Facts(fields={"custom.score": points})  # type: ignore[dict-item]


# ---------------------------------------------------------------- what sets a rule off


def test_a_condition_fires_when_it_becomes_true_and_not_while_it_is() -> None:
    honours = rule("score >= 80")

    assert causes(honours, scored(70), scored(85)) == ["became:7"]
    assert causes(honours, scored(85), scored(90)) == []
    assert causes(honours, scored(85), scored(70)) == []
    assert causes(honours, NOBODY, scored("81")) == ["became:7"]


def test_of_a_contact_that_was_not_there_nothing_was_true() -> None:
    unknown = rule("phone is blank")

    assert causes(unknown, facts.NOBODY, scored(70)) == ["became:7"]
    assert causes(unknown, Facts(), scored(70)) == []


def test_if_is_asked_at_that_moment() -> None:
    honours = rule("score >= 80", **{"if": 'not tags contains "staff"'})

    assert causes(honours, scored(70), scored(85)) == ["became:7"]
    assert causes(honours, scored(70), replace(scored(85), tags=frozenset(["staff"]))) == []


def test_a_tag_fires_when_it_comes_or_goes_and_may_be_a_pattern() -> None:
    none, both = Facts(), Facts(tags=frozenset(["course: bread", "vip"]))

    assert causes(rule({"tag_added": "VIP"}), none, both) == ["tag+vip:7"]
    assert causes(rule({"tag_added": "course: *"}), none, both) == ["tag+course: bread:7"]
    assert causes(rule({"tag_removed": "*"}), both, none) == ["tag-course: bread:7", "tag-vip:7"]
    assert causes(rule({"tag_added": "vip"}), both, both) == []


def test_an_enrolment_fires_once_by_id_or_title() -> None:
    after = Facts(enrolments={"5": Course("c1", "Baking Bread"), "6": Course("c2", "")})

    assert causes(rule({"enrolled": "baking bread"}), NOBODY, after) == ["enrolment:5"]
    assert causes(rule({"enrolled": "*"}), NOBODY, after) == ["enrolment:5", "enrolment:6"]
    assert causes(rule({"enrolled": "c2"}), after, after) == []


def test_a_stage_fires_for_each_opportunity_that_comes_into_it() -> None:
    before = Facts(stages={"o1": Stage("p1", "new"), "o2": Stage("p1", "won")})
    after = Facts(stages={"o1": Stage("p1", "won"), "o2": Stage("p1", "won")})

    assert causes(rule({"stage": "won"}), before, after) == ["stage:o1:7"]
    assert causes(rule({"stage": "won", "pipeline": "p2"}), before, after) == []


def test_an_event_fires_for_each_event_since_the_rule_is_there() -> None:
    after = Facts(
        events=(
            Happening("w1", "NoteCreate", 100.0),
            Happening("w2", "NoteCreate", 200.0),
            Happening("w3", "newsletter", 200.0),
        )
    )
    noted = replace(rule({"event": "NoteCreate"}), since=150.0)

    assert causes(noted, after, after) == ["event:w2"]
    assert causes(noted, after, after, fired={("r", "event:w2")}) == []


def test_words_of_the_cause_stand_in_the_texts() -> None:
    one = rule({"enrolled": "*"})
    (firing,) = decide([one], NOBODY, Facts(enrolments={"5": Course("c1", "Bread")}), seen="7")
    facts = Facts(fields={"first_name": "Ada", "custom.langs": ["de", "fr"], "city": ""})

    def said(text: str) -> str | None:
        return filled(templates.parse(text), firing, facts, at=86_400.0)

    assert said("{first_name}: {course} ({course_id}) on {date}") == "Ada: Bread (c1) on 1970-01-02"
    assert said("{langs}, by {rule}") == "de, fr, by r"
    assert said("in {city}") is None


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*", "", True),
        ("a*", "Abc", True),
        ("*c", "abc", True),
        ("a*c", "abc", True),
        ("a*a", "a", False),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "acb", False),
        ("abc", "ABC", True),
        ("abc", "abcd", False),
    ],
)
def test_a_star_stands_for_anything(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits


# ---------------------------------------------------------------- rules that set each other off


def test_what_a_rule_wished_for_is_one_link_further_down() -> None:
    one = rule({"tag_added": "b"})
    after = Facts(tags=frozenset(["b"]))

    (by_hand,) = decide([one], NOBODY, after, seen="7")
    (by_rule,) = decide([one], NOBODY, after, seen="7", ours={"tag+b": 3})

    assert (by_hand.depth, by_rule.depth) == (1, 4)


def test_a_condition_about_tags_is_set_off_by_a_rules_tag_too() -> None:
    one, other = rule('tags contains "b"'), rule("score >= 80")
    after = replace(scored(85), tags=frozenset(["b"]))

    depths = [f.depth for f in decide([one, other], NOBODY, after, seen="7", ours={"tag+b": 2})]

    assert depths == [3, 1]


def test_marks_tell_what_changed() -> None:
    before = Facts(tags=frozenset("ab"), lists=frozenset("x"))
    after = Facts(tags=frozenset("bc"), enrolments={"1": Course("c1", "Bread")})

    assert marks(before, after) == {"tag+c", "tag-a", "list-x", "course+c1"}
    assert rules.wished(Do.ENROL, "c1") == "course+c1"
    assert rules.wished(Do.NOTE, "c1") is None


# ---------------------------------------------------------------- any history

POINTS = st.none() | st.integers(60, 100)
SOME = st.frozensets(st.sampled_from(["a", "b", "c"]))
MOMENTS = st.builds(
    lambda points, tags, courses, stage: Facts(
        fields={} if points is None else {"custom.score": points},
        tags=tags,
        enrolments={name: Course(name, name.upper()) for name in courses},
        stages={} if stage is None else {"o1": Stage("p", stage)},
    ),
    POINTS,
    SOME,
    SOME,
    st.none() | st.sampled_from(["new", "won"]),
)
RULES = [
    rule("score >= 80", "score"),
    rule({"tag_added": "a"}, "tag"),
    rule({"tag_removed": "a"}, "untag"),
    rule({"stage": "won"}, "stage"),
    rule('score < 80 or tags contains "b"', "either"),
]


def simply(name: str, facts: Facts) -> bool:
    """Another account of the same conditions."""
    points = facts.fields.get("custom.score")
    return {
        "score": points is not None and int(str(points)) >= 80,
        "tag": "a" in facts.tags,
        "untag": "a" not in facts.tags,
        "stage": "o1" in facts.stages and facts.stages["o1"].stage == "won",
        "either": (points is not None and int(str(points)) < 80) or "b" in facts.tags,
    }[name]


@given(st.lists(st.tuples(MOMENTS, st.integers(1, 3)), max_size=12))
def test_each_edge_fires_once_however_often_it_is_looked_at(
    history: list[tuple[Facts, int]],
) -> None:
    fired: set[tuple[str, str]] = set()
    happened: list[str] = []
    before, wanted = NOBODY, []
    for number, (after, looks) in enumerate(history):
        for one in RULES:
            if simply(one.name, after) and not simply(one.name, before):
                wanted.append(one.name)
        for _ in range(looks):  # a worker that died before its commit, a message that came twice
            found = decide(RULES, before, after, seen=str(number), fired=fired)
            assert len({(f.rule.name, f.cause) for f in found}) == len(found)
            happened += [f.rule.name for f in found]
            fired |= {(f.rule.name, f.cause) for f in found}
        before = after

    # At first there is no tag: that it is not there is no news.
    assert sorted(happened) == sorted(wanted)


@given(st.lists(st.frozensets(st.sampled_from(["e1", "e2", "e3", "e4"])), max_size=8))
def test_an_enrolment_and_an_event_fire_once_in_any_history(steps: list[frozenset[str]]) -> None:
    both = [rule({"enrolled": "*"}, "enrolled"), rule({"event": "newsletter"}, "event")]
    fired: set[tuple[str, str]] = set()
    before, known = NOBODY, frozenset[str]()
    for number, more in enumerate(steps):
        known |= more
        after = Facts(
            enrolments={key: Course(key, "") for key in sorted(known)},
            events=tuple(Happening(key, "newsletter", 1.0) for key in sorted(known)),
        )
        found = decide(both, before, after, seen=str(number), fired=fired)
        assert not fired & {(f.rule.name, f.cause) for f in found}
        fired |= {(f.rule.name, f.cause) for f in found}
        before = after

    assert fired == {("enrolled", f"enrolment:{key}") for key in known} | {
        ("event", f"event:{key}") for key in known
    }


@given(MOMENTS, MOMENTS)
def test_nothing_fires_where_nothing_changed_or_in_an_empty_house(one: Facts, two: Facts) -> None:
    assert decide(RULES, one, one, seen="1") == []
    assert decide([], one, two, seen="1") == []


def test_a_firing_says_no_value_of_a_person() -> None:
    firing = Firing(rule("score > 3"), "became:7")

    assert "85" not in repr(scored(85))
    assert firing.depth == 1
