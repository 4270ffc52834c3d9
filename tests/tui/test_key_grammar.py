"""A key means one thing, on every screen: all bindings of the program against the table in ``key_grammar``."""

from collections import defaultdict

from key_bindings import bindings, moved_actions

from fieldapp.tui.key_grammar import MEANINGS, MOVES


def test_each_key_does_only_what_it_means() -> None:
    wrong = [
        f"{name}: {key} means “{MEANINGS[key].words if key in MEANINGS else 'nothing'}”, not “{action}”"
        for name, key, action, _words in bindings()
        if key not in MOVES and action != "app.moved" and action not in MEANINGS.get(key, MEANINGS["f1"]).actions
    ]
    assert wrong == []


def test_each_action_has_one_key() -> None:
    keys = defaultdict(set)
    for key, meaning in MEANINGS.items():
        for action in meaning.actions:
            keys[action].add(key)
    assert {a: k for a, k in keys.items() if len(k) > 1} == {"select": {"enter", "space"}}


def test_a_key_that_moved_says_where_its_work_is_now() -> None:
    """What is pressed by habit gets an answer only where the key has no work of its own."""
    moved = {(name, key) for name, key, action, _words in bindings() if action == "app.moved"}
    own = {(name, key) for name, key, action, _words in bindings() if action != "app.moved"}
    assert moved
    assert moved_actions() <= {action for meaning in MEANINGS.values() for action in meaning.actions}
    assert not moved & own
