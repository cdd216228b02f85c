"""What is drawn is what is said, and what is said is true of what is drawn."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from commonspace.data.scene_questions import ask, choose, refer, state
from commonspace.data.scenes import COLOURS, DIRECTIONS, SHAPES, SIDE, SIZES, Scene, Thing, generate_scenes, stands
from commonspace.errors import ParameterError

SCENES = generate_scenes(300, seed=1)
RNG = np.random.default_rng


def thing_called(scene: Scene, words: str) -> int:
    """The only thing of which every word is true."""
    (i,) = (i for i, t in enumerate(scene.things) if set(words.split()) <= {t.size, t.colour, t.shape})
    return i


def centre_of(thing: Thing) -> tuple[float, float]:
    return (thing.box[0] + thing.box[2]) / 2, (thing.box[1] + thing.box[3]) / 2


def is_there(a: Thing, direction: str, b: Thing) -> bool:
    (ax, ay), (bx, by) = centre_of(a), centre_of(b)
    return {"left of": ax < bx, "right of": ax > bx, "above": ay < by, "below": ay > by}[direction]


def test_things_are_drawn_where_and_in_the_colour_that_is_said():
    for scene in SCENES[:50]:
        picture = scene.picture()
        assert picture.shape == (SIDE, SIDE, 3)
        outside = np.ones((SIDE, SIDE), bool)
        for thing in scene.things:
            left, top, right, bottom = thing.box
            part = picture[top:bottom, left:right]
            own = (part == COLOURS[thing.colour]).all(-1)
            assert own.any(0)[[0, -1]].all() or thing.shape == "triangle"
            assert own.any(1)[[0, -1]].all()
            filled = own.mean()
            low, high = {"circle": (0.7, 0.86), "square": (1, 1), "triangle": (0.45, 0.6), "cross": (0.4, 0.7)}[
                thing.shape
            ]
            assert low <= filled <= high, thing
            outside[top:bottom, left:right] = False
        assert (picture[outside] == scene.ground).all()


def test_things_neither_touch_nor_are_alike():
    for scene in SCENES:
        assert 3 <= len(scene.things) <= 5
        assert len({(t.size, t.colour, t.shape) for t in scene.things}) == len(scene.things)
        covered = np.zeros((SIDE, SIDE), int)
        for t in scene.things:
            covered[t.box[1] : t.box[3], t.box[0] : t.box[2]] += 1
        assert covered.max() == 1


def test_every_attribute_comes_about_equally_often():
    things = [t for scene in SCENES for t in scene.things]
    for values, found in ((SHAPES, [t.shape for t in things]), (COLOURS, [t.colour for t in things])):
        shares = np.array([found.count(value) for value in values]) / len(things)
        np.testing.assert_allclose(shares, 1 / len(values), atol=0.05)
    assert {t.size for t in things} == set(SIZES)


def test_a_seed_gives_the_same_scenes_and_another_one_others():
    assert generate_scenes(20, seed=1) == SCENES[:20]
    assert not set(SCENES) & set(generate_scenes(300, seed=2))
    assert generate_scenes(0) == []
    with pytest.raises(ParameterError, match="n: expected a number of scenes"):
        generate_scenes(-1)


def test_directions_leave_what_is_hardly_so():
    def at(x: int, y: int) -> Thing:
        return Thing("square", "red", "small", (x, y, x + 16, y + 16))

    assert stands(at(0, 0), "left of", at(40, 0)) is True
    assert stands(at(40, 0), "left of", at(0, 0)) is False
    assert stands(at(0, 0), "left of", at(10, 40)) is None
    assert stands(at(0, 40), "above", at(0, 0)) is False
    assert stands(at(0, 0), "above", at(0, 16)) is True


def test_answers_are_true():
    rng, kinds = RNG(0), Counter[str]()
    for scene in SCENES * 3:
        asked = ask(scene, rng)
        kind, words = re.match(
            r"(what colour|what shape|how many|is there a) (?:is the )?(.*) \?$", asked.text
        ).groups()  # type: ignore[union-attr]
        kinds[kind] += 1
        if kind == "what colour":
            expected = scene.things[thing_called(scene, words)].colour
        elif kind == "what shape":
            expected = scene.things[thing_called(scene, words.removesuffix(" thing"))].shape
        else:
            word = words.removesuffix(" are there").removesuffix(" things")
            word = {"crosses": "cross"}.get(word, word[:-1] if word[:-1] in SHAPES else word)
            number = sum(set(word.split()) <= {t.size, t.colour, t.shape} for t in scene.things)
            expected = str(number) if kind == "how many" else ("yes" if number else "no")
        assert asked.answer == expected, (asked, scene)
    assert min(kinds.values()) > 0.2 * 900


def test_phrases_are_true_of_one_thing_alone():
    rng, beside = RNG(1), 0
    for scene in SCENES * 2:
        said = refer(scene, rng)
        place = re.match(r"the (\w+) (left of|right of|above|below) the (.*)$", said.phrase)
        if place:
            shape, direction, anchor = place.groups()
            k = thing_called(scene, anchor)
            right = [
                i
                for i, t in enumerate(scene.things)
                if i != k and t.shape == shape and is_there(t, direction, scene.things[k])
            ]
            beside += 1
        else:
            right = [thing_called(scene, said.phrase.removeprefix("the "))]
        assert right == [said.thing], (said, scene)
    assert beside > 200


def test_statements_are_what_they_are_said_to_be_and_half_of_them_true():
    rng, told = RNG(2), []
    for scene in SCENES * 3:
        said = state(scene, rng)
        place = re.match(r"the (.*) is (left of|right of|above|below) the (.*)$", said.text)
        if place:
            a, b = (scene.things[thing_called(scene, place[i])] for i in (1, 3))
            true = is_there(a, place[2], b)
        else:
            words = set(said.text.removeprefix("there is a ").split())
            true = any(words <= {t.colour, t.shape} for t in scene.things)
        assert true == said.true, (said, scene)
        told.append(true)
    assert 0.45 < np.mean(told) < 0.55


def test_of_four_answers_and_four_reasons_one_is_true():
    rng, found = RNG(3), 0
    for scene in SCENES:
        choice = choose(scene, rng)
        if choice is None:
            continue
        found += 1
        assert len(set(choice.answers)) == len(set(choice.rationales)) == 4
        direction, k = re.match(r"what colour is the thing (.*) \[(\d)\] \?$", choice.question).groups()  # type: ignore[union-attr]
        anchor = scene.things[int(k)]
        (i,) = (j for j, t in enumerate(scene.things) if j != int(k) and is_there(t, direction, anchor))
        assert [a == f"it is {scene.things[i].colour}" for a in choice.answers] == [
            n == choice.answer for n in range(4)
        ]
        for n, reason in enumerate(choice.rationales):
            j, where, other, colour = re.match(r"\[(\d)\] is (.*) \[(\d)\] and is (\w+)$", reason).groups()  # type: ignore[union-attr]
            thing = scene.things[int(j)]
            true = is_there(thing, where, scene.things[int(other)]) and thing.colour == colour
            assert true == (n == choice.rationale), (choice, scene)
        right = choice.answers[choice.answer].removeprefix("it is ")
        assert sum(reason.endswith(right) for reason in choice.rationales) == 3
    assert found > 200
    assert set(DIRECTIONS) == {"left of", "right of", "above", "below"}
