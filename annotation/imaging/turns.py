"""Who is next: things that many people want, given to them in turn."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Turn(Generic[Thing]):
    """One person's wish for a thing, and the thing once it was given."""

    def __init__(self, owner: Hashable):
        self.owner = owner
        self.thing: Thing | None = None
        self._given = threading.Event()

    def give(self, thing: Thing) -> None:
        self.thing = thing
        self._given.set()

    def wait(self, seconds: float) -> Thing | None:
        """Return the thing as soon as it is given, or None if it was not in time."""
        self._given.wait(seconds)
        return self.thing


class Places:
    """Room for those who wait, whatever for: each keeps a thread of the web server from saving somebody's work.

    Parameters
    ----------
    in_all, per_owner : int
        How many may wait, and how many of them may be of one owner.
    """

    def __init__(self, in_all: int, per_owner: int):
        self._in_all = in_all
        self._per_owner = per_owner
        self._taken: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    def take(self, owner: Hashable) -> bool:
        """Take a place if there is room. `leave` every place that was taken."""
        with self._lock:
            if self._taken.total() >= self._in_all or self._taken[owner] >= self._per_owner:
                return False
            self._taken[owner] += 1
            return True

    def leave(self, owner: Hashable) -> None:
        with self._lock:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]

    @property
    def taken(self) -> int:
        """How many wait."""
        with self._lock:
            return self._taken.total()


class Turns(Generic[Thing]):
    """A few equal things and the line before them.

    A thing that becomes free goes to the owner whose turn it is, and among the wishes of one owner to the oldest.
    Owners wait in a circle: whoever was given something, or gave it back, goes to its end. So somebody with many wishes
    is no more in the way of others than somebody with two. Of several things the last free one is for somebody who has
    none: neither for whoever has one already, who could else have them all, nor for the background, which never waits.

    Parameters
    ----------
    things : list
        What there is to give. The one given back last is given first.
    places : Places
        Where wishes wait; what else waits there takes room from them.
    is_ready : callable
        Things of which it is false are given last. It is asked only about free ones, by one thread at a time.
    """

    def __init__(self, things: list[Thing], places: Places, is_ready: Callable[[Thing], bool] = lambda thing: True):
        self._free = list(things)
        self._is_ready = is_ready
        self._left_to_others = 1 if len(things) > 1 else 0
        self._places = places
        self._held: Counter[Hashable] = Counter()
        self._circle: dict[Hashable, deque[Turn[Thing]]] = {}
        self._lock = threading.Lock()

    def ask(self, owner: Hashable, background: bool = False) -> Turn[Thing] | None:
        """Get a turn, which may have its thing already, or None where there is no room to wait. `end` every turn."""
        turn: Turn[Thing] = Turn(owner)
        with self._lock:
            # While somebody waits nothing is free that they may have.
            if self._may_have(owner, background):
                self._give(turn)
                return turn
            if background or not self._places.take(owner):
                return None
            self._circle.setdefault(owner, deque()).append(turn)
            return turn

    def end(self, turn: Turn[Thing]) -> None:
        """Take the thing of a turn back and give it to whoever is next; or let the turn leave the line."""
        with self._lock:
            if turn.thing is None:
                self._leave(turn)
            else:
                self._take_back(turn.thing, turn.owner)
                self._serve()

    @property
    def free(self) -> int:
        """How many things nobody uses."""
        return len(self._free)

    @property
    def waiting(self) -> int:
        """How many wishes wait."""
        return sum(map(len, self._circle.values()))

    def _leave(self, turn: Turn[Thing]) -> None:
        line = self._circle[turn.owner]
        line.remove(turn)
        self._places.leave(turn.owner)
        if not line:
            del self._circle[turn.owner]

    def _may_have(self, owner: Hashable, background: bool = False) -> bool:
        return len(self._free) > (self._left_to_others if background or self._held[owner] else 0)

    def _give(self, turn: Turn[Thing]) -> None:
        self._held[turn.owner] += 1
        thing = max(reversed(self._free), key=self._is_ready)
        self._free.remove(thing)
        turn.give(thing)

    def _take_back(self, thing: Thing, giver: Hashable) -> None:
        self._free.append(thing)
        self._held[giver] -= 1
        if not self._held[giver]:
            del self._held[giver]
        self._to_the_end(giver)

    def _serve(self) -> None:
        """Give what is free to those who wait and may have it, in turn."""
        while eligible := list(filter(self._may_have, self._circle)):
            owner = eligible[0]
            self._give(self._circle[owner].popleft())
            self._places.leave(owner)
            self._to_the_end(owner)

    def _to_the_end(self, owner: Hashable) -> None:
        line = self._circle.pop(owner, None)
        if line:
            self._circle[owner] = line
