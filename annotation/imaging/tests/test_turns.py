"""Who gets what is free: in turn, and without anything being lost or given twice."""

import random

import pytest

from annotation.imaging.turns import Places, Turns


def given(turns):
    return [turn.thing for turn in turns]


def test_what_is_free_is_given_at_once_the_last_returned_first():
    turns = Turns(["one", "two"], Places(1, 1))
    first, second = turns.ask("anna"), turns.ask("bert")
    assert given([first, second]) == ["two", "one"]
    turns.end(second)
    assert turns.ask("bert").thing == "one"


def test_what_is_ready_is_given_before_what_is_not():
    ready = {"one", "three"}
    turns = Turns(["one", "two", "three", "four"], Places(1, 1), lambda thing: thing in ready)
    assert given([turns.ask(name) for name in ("anna", "bert", "carla", "dora")]) == ["three", "one", "four", "two"]


def test_the_last_free_one_is_for_somebody_who_has_none():
    turns = Turns(["one", "two"], Places(4, 2))
    working, waiting = turns.ask("anna"), turns.ask("anna")
    assert (waiting.thing, turns.free) == (None, 1)
    assert turns.ask("anna", background=True) is None
    other = turns.ask("bert")
    assert other.thing
    turns.end(other)
    assert (waiting.thing, turns.free) == (None, 1)
    turns.end(working)
    assert (waiting.thing is not None, turns.free) == (True, 1)


def test_a_person_alone_has_all_but_one():
    turns = Turns(["one", "two", "three"], Places(4, 2))
    assert [bool(turns.ask("anna").thing) for _ in range(3)] == [True, True, False]


def test_whoever_gives_back_the_last_they_had_may_have_the_last_again():
    turns = Turns(["one", "two", "three"], Places(4, 2))
    background = turns.ask("carla", background=True)
    working = turns.ask("anna")
    wishes = [turns.ask("carla"), turns.ask("anna")]
    assert given(wishes) == [None, None]
    turns.end(working)
    assert all(given(wishes))
    assert background.thing


def test_the_wishes_of_one_owner_are_met_in_their_order():
    turns = Turns(["child"], Places(3, 3))
    working, *waiting = [turns.ask("anna") for _ in range(4)]
    for turn in waiting:
        assert turn.thing is None
        turns.end(working)
        assert turn.thing == "child"
        working = turn


def test_owners_that_wait_are_served_in_turn_and_a_flood_stands_behind_a_single_wish():
    turns = Turns(["child"], Places(9, 9))
    working = turns.ask("anna")
    line = {turns.ask(owner): owner for owner in ("anna", "anna", "anna", "bert", "carla", "carla")}
    order = []
    while line:
        turns.end(working)
        [working] = [turn for turn in line if turn.thing]
        order.append(line.pop(working))
    assert order == ["bert", "carla", "anna", "carla", "anna", "anna"]


def test_newcomers_do_not_starve_somebody_who_waits():
    turns = Turns(["child"], Places(9, 9))
    working, waiting = turns.ask("anna"), turns.ask("anna")
    for name in ("bert", "carla", "dora"):
        turn = turns.ask(name)
        turns.end(working)
        if waiting.thing:
            assert name == "carla"
            return
        working = turn
    pytest.fail("anna waits for ever")


def test_there_is_room_for_so_many_in_all_and_of_one_owner():
    turns = Turns(["child"], Places(3, 2))
    working = turns.ask("anna")
    waiting = [turns.ask("anna"), turns.ask("anna")]
    assert turns.ask("anna") is None
    waiting.append(turns.ask("bert"))
    assert turns.ask("carla") is None
    turns.end(working)
    assert waiting[-1].thing == "child"
    assert turns.ask("anna") is None
    assert turns.ask("carla").thing is None


def test_what_else_waits_in_the_same_places_takes_room():
    places = Places(3, 2)
    turns = Turns(["child"], places)
    working = turns.ask("anna")
    assert places.take("anna")
    waiting = turns.ask("anna")
    assert turns.ask("anna") is None
    assert not places.take("anna")
    assert places.take("bert")
    assert turns.ask("carla") is None
    turns.end(working)
    assert waiting.thing
    assert places.taken == 2
    assert turns.ask("carla") is not None


def test_whoever_leaves_the_line_makes_room_and_is_given_nothing():
    turns = Turns(["child"], Places(1, 1))
    working, waiting = turns.ask("anna"), turns.ask("bert")
    assert waiting.wait(0) is None
    turns.end(waiting)
    assert turns.waiting == 0
    assert turns.ask("carla") is not None
    turns.end(working)
    assert waiting.thing is None


def test_what_was_given_in_the_moment_of_leaving_goes_to_the_next():
    turns = Turns(["child"], Places(2, 1))
    working, leaving, waiting = turns.ask("anna"), turns.ask("bert"), turns.ask("carla")
    turns.end(working)
    turns.end(leaving)
    assert waiting.thing == "child"
    turns.end(waiting)
    assert turns.free == 1


def test_the_background_never_waits_and_leaves_the_last_to_people():
    turns = Turns(["one", "two"], Places(2, 2))
    background = turns.ask("anna", background=True)
    assert background.thing
    assert turns.ask("bert", background=True) is None
    person = turns.ask("bert")
    assert person.thing
    waiting = turns.ask("carla")
    turns.end(background)
    assert waiting.thing
    assert turns.ask("anna", background=True) is None


def test_the_background_may_have_the_only_one():
    turns = Turns(["child"], Places(2, 2))
    background = turns.ask("anna", background=True)
    assert background.thing == "child"
    assert turns.ask("anna", background=True) is None


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_lost_or_given_twice_whatever_happens(seed):
    chance = random.Random(seed)
    places = Places(6, 2)
    turns, open_turns = Turns(list("abc"), places), []
    for _ in range(3000):
        if chance.random() < 0.55:
            turn = turns.ask(chance.choice("ABCDE"), background=chance.random() < 0.2)
            open_turns += [turn] if turn else []
        elif open_turns:
            turns.end(open_turns.pop(chance.randrange(len(open_turns))))
        held = [turn.thing for turn in open_turns if turn.thing]
        assert len(set(held)) == len(held)
        assert len(held) + turns.free == 3
        assert turns.waiting == places.taken == len(open_turns) - len(held) <= 6
        waiting = {turn.owner for turn in open_turns if not turn.thing}
        assert turns.free < 2 or not waiting
        assert not turns.free or waiting <= {turn.owner for turn in open_turns if turn.thing}
    for turn in open_turns:
        turns.end(turn)
    assert (turns.free, turns.waiting, places.taken) == (3, 0, 0)
