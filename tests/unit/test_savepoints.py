"""Which savepoint belongs to which transaction, and what is sent where one of them ends."""

import pytest

from accord.isolation.savepoints import CrosswiseError, Savepoints
from accord.isolation.work import Work


def work(name: str, *, writes: bool = True) -> Work:
    it = Work(name, is_of_app=True, session={})
    it.leaves_rows = writes
    return it


def test_one_that_only_reads_needs_none_while_nobody_has_written() -> None:
    assert not Savepoints().needs_one(work("reader"), writes=False)


def test_the_first_that_writes_has_the_one_that_is_always_there() -> None:
    savepoints, one = Savepoints(), work("one")
    assert savepoints.needs_one(one, writes=True)
    assert savepoints.place(one) == []
    assert not savepoints.needs_one(one, writes=True)
    assert savepoints.owners() == [one]


def test_a_commit_is_sent_with_what_comes_next() -> None:
    savepoints, one = Savepoints(), work("one")
    savepoints.place(one)
    savepoints.commit(one)
    assert savepoints.take_pending() == ["RELEASE accord; SAVEPOINT accord"]
    assert savepoints.take_pending() == []
    assert savepoints.owners() == []


def test_a_rollback_is_sent_with_what_comes_next() -> None:
    savepoints, one = Savepoints(), work("one")
    savepoints.place(one)
    savepoints.rollback(one)
    assert savepoints.take_pending() == ["ROLLBACK TO accord"]
    assert not savepoints.has_any(one)


def test_one_that_has_written_nothing_ends_without_a_word() -> None:
    savepoints, reader = Savepoints(), work("reader", writes=False)
    savepoints.commit(reader)
    savepoints.rollback(reader)
    assert savepoints.take_pending() == []


def test_one_that_reads_inside_another_has_its_own_since_an_error_would_undo_that() -> None:
    savepoints, outer, inner = Savepoints(), work("outer"), work("inner", writes=False)
    savepoints.place(outer)
    assert savepoints.needs_one(inner, writes=False)
    assert savepoints.place(inner) == ["SAVEPOINT accord_1"]
    savepoints.fail(inner)
    assert savepoints.take_pending() == ["ROLLBACK TO accord_1; RELEASE accord_1"]
    assert savepoints.owners() == [outer]


def test_an_inner_commit_leaves_its_work_to_the_outer_one() -> None:
    savepoints, outer, inner = Savepoints(), work("outer"), work("inner")
    savepoints.place(outer)
    savepoints.place(inner)
    savepoints.commit(inner)
    assert savepoints.take_pending() == ["RELEASE accord_1"]
    savepoints.commit(outer)
    assert savepoints.take_pending() == ["RELEASE accord; SAVEPOINT accord"]


def test_an_inner_rollback_undoes_the_inner_one_alone() -> None:
    savepoints, outer, inner = Savepoints(), work("outer"), work("inner")
    savepoints.place(outer)
    savepoints.place(inner)
    savepoints.rollback(inner)
    assert savepoints.take_pending() == ["ROLLBACK TO accord_1; RELEASE accord_1"]
    assert savepoints.owners() == [outer]


def test_an_outer_commit_before_the_inner_one_is_sent_after_that() -> None:
    savepoints, outer, inner = Savepoints(), work("outer"), work("inner")
    savepoints.place(outer)
    savepoints.place(inner)
    savepoints.commit(outer)
    assert savepoints.take_pending() == []
    assert savepoints.owners() == [inner]
    savepoints.commit(inner)
    assert savepoints.take_pending() == ["RELEASE accord_1; RELEASE accord; SAVEPOINT accord"]


def test_an_inner_rollback_after_the_outer_commit_keeps_what_the_outer_one_wrote() -> None:
    savepoints, outer, inner = Savepoints(), work("outer"), work("inner")
    savepoints.place(outer)
    savepoints.place(inner)
    savepoints.commit(outer)
    savepoints.rollback(inner)
    assert savepoints.take_pending() == ["ROLLBACK TO accord_1; RELEASE accord_1; RELEASE accord; SAVEPOINT accord"]


def test_an_outer_rollback_says_what_had_committed_inside_to_be_done_again() -> None:
    savepoints, outer, inner = Savepoints(), work("outer"), work("inner")
    savepoints.place(outer)
    savepoints.place(inner)
    savepoints.commit(inner)
    savepoints.take_pending()
    assert savepoints.rollback(outer) == [inner]
    assert savepoints.take_pending() == ["ROLLBACK TO accord"]
    savepoints.adopt([inner])
    assert savepoints.take_pending() == ["RELEASE accord; SAVEPOINT accord"]


def test_what_is_done_again_within_another_one_is_undone_with_that() -> None:
    savepoints, outer, middle, inner = Savepoints(), work("outer"), work("middle"), work("inner")
    for it in (outer, middle, inner):
        savepoints.place(it)
    savepoints.commit(inner)
    assert savepoints.rollback(middle) == [inner]
    savepoints.adopt([inner])
    assert savepoints.rollback(outer) == [inner]


def test_an_outer_rollback_that_undoes_what_goes_on_inside_names_it() -> None:
    savepoints, outer, inner = Savepoints(), work("outer"), work("inner")
    savepoints.place(outer)
    savepoints.place(inner)
    with pytest.raises(CrosswiseError) as caught:
        savepoints.rollback(outer)
    assert caught.value.other is inner
    assert inner.is_failed
    assert savepoints.take_pending()[0].endswith("ROLLBACK TO accord")
    assert savepoints.owners() == []


def test_an_outer_rollback_undoes_an_inner_one_that_wrote_nothing_silently() -> None:
    savepoints, outer, inner = Savepoints(), work("outer"), work("inner", writes=False)
    savepoints.place(outer)
    savepoints.place(inner)
    savepoints.rollback(outer)
    assert savepoints.take_pending() == ["ROLLBACK TO accord"]


def test_an_outer_one_that_writes_again_has_another_above() -> None:
    savepoints, outer, inner = Savepoints(), work("outer"), work("inner")
    savepoints.place(outer)
    savepoints.place(inner)
    assert savepoints.needs_one(outer, writes=True)
    assert savepoints.place(outer) == ["SAVEPOINT accord_2"]
    with pytest.raises(CrosswiseError):
        savepoints.rollback(inner)
    assert outer.is_failed


def test_what_fails_is_undone_at_once_so_that_others_need_not_wait() -> None:
    savepoints, one = Savepoints(), work("one")
    savepoints.place(one)
    savepoints.fail(one)
    assert one.is_failed
    assert savepoints.owners() == []
    assert savepoints.take_pending() == ["ROLLBACK TO accord"]


def test_a_read_that_fails_leaves_what_was_committed_before() -> None:
    savepoints, reader = Savepoints(), work("reader", writes=False)
    savepoints.fail(reader)
    assert savepoints.take_pending() == ["ROLLBACK TO accord"]


def test_one_that_fails_before_it_sent_anything_leaves_the_others_as_they_are() -> None:
    savepoints, outer, other = Savepoints(), work("outer"), work("other", writes=False)
    savepoints.place(outer)
    savepoints.fail(other)
    assert other.is_failed
    assert savepoints.take_pending() == []


def test_one_that_fails_with_another_ones_commit_in_it_says_so_where_it_is_rolled_back() -> None:
    savepoints, outer, inner = Savepoints(), work("outer"), work("inner")
    savepoints.place(outer)
    savepoints.place(inner)
    savepoints.commit(inner)
    savepoints.take_pending()
    savepoints.fail(outer)
    assert savepoints.take_pending() == ["ROLLBACK TO accord"]
    assert savepoints.rollback(outer) == [inner]


# Savepoints of the app's own.


def with_one_of_the_app() -> tuple[Savepoints, Work]:
    savepoints, one = Savepoints(), work("one")
    savepoints.place(one)
    savepoints.note(one, "SAVEPOINT", "its")
    return savepoints, one


def test_the_apps_savepoint_is_known_until_it_is_released() -> None:
    savepoints, one = with_one_of_the_app()
    assert savepoints.check(one, "RELEASE", "its")
    savepoints.note(one, "RELEASE", "its")
    assert not savepoints.check(one, "RELEASE", "its")
    savepoints.commit(one)
    assert savepoints.take_pending() == ["RELEASE accord; SAVEPOINT accord"]


def test_the_apps_savepoint_is_anothers_to_nobody() -> None:
    savepoints, _ = with_one_of_the_app()
    assert not savepoints.check(work("other"), "ROLLBACK", "its")


def test_what_fails_inside_a_savepoint_of_the_app_goes_on_once_that_is_rolled_back_to() -> None:
    savepoints, one = with_one_of_the_app()
    savepoints.fail(one)
    assert one.is_failed
    assert savepoints.take_pending() == ["ROLLBACK TO its"]
    assert savepoints.check(one, "ROLLBACK", "its")
    savepoints.note(one, "ROLLBACK", "its")
    assert not one.is_failed
    assert savepoints.has_any(one)


def test_a_savepoint_that_is_rolled_back_to_takes_those_above_with_it() -> None:
    savepoints, one = with_one_of_the_app()
    savepoints.note(one, "SAVEPOINT", "above")
    savepoints.note(one, "ROLLBACK", "its")
    assert not savepoints.check(one, "RELEASE", "above")
    assert savepoints.check(one, "RELEASE", "its")


def test_of_two_of_one_name_the_later_one_counts() -> None:
    savepoints, one = with_one_of_the_app()
    savepoints.note(one, "SAVEPOINT", "its")
    savepoints.note(one, "RELEASE", "its")
    assert savepoints.check(one, "RELEASE", "its")


def test_a_savepoint_that_is_rolled_back_to_gives_its_settings_back() -> None:
    savepoints, one = Savepoints(), work("one")
    savepoints.place(one)
    one.local["app.tenant"] = "before"
    savepoints.note(one, "SAVEPOINT", "its")
    one.local["app.tenant"] = "after"
    one.changed["search_path"] = "after"
    savepoints.note(one, "ROLLBACK", "its")
    assert (one.local, one.changed) == ({"app.tenant": "before"}, {})


def test_a_savepoint_that_is_rolled_back_to_says_what_had_committed_since() -> None:
    savepoints, one = with_one_of_the_app()
    inner = work("inner")
    savepoints.place(inner)
    savepoints.commit(inner)
    assert savepoints.check(one, "ROLLBACK", "its")
    assert savepoints.note(one, "ROLLBACK", "its") == [inner]


def test_a_savepoint_that_is_rolled_back_to_under_what_goes_on_names_that() -> None:
    savepoints, one = with_one_of_the_app()
    inner = work("inner")
    savepoints.place(inner)
    with pytest.raises(CrosswiseError) as caught:
        savepoints.check(one, "ROLLBACK", "its")
    assert caught.value.other is inner


def test_a_savepoint_is_not_released_under_another_ones_work_which_could_not_be_undone_then() -> None:
    savepoints, one = with_one_of_the_app()
    inner = work("inner")
    savepoints.place(inner)
    with pytest.raises(CrosswiseError):
        savepoints.check(one, "RELEASE", "its")
    savepoints.commit(inner)
    assert savepoints.check(one, "RELEASE", "its")


def test_what_another_one_committed_inside_a_savepoint_stays_known_when_that_is_released() -> None:
    savepoints, one = with_one_of_the_app()
    inner = work("inner")
    savepoints.place(inner)
    savepoints.commit(inner)
    savepoints.note(one, "RELEASE", "its")
    assert savepoints.rollback(one) == [inner]


def test_after_a_statement_that_was_cut_short_no_savepoint_of_the_app_counts_as_there() -> None:
    savepoints, one = with_one_of_the_app()
    savepoints.fail(one, is_certain=False)
    assert savepoints.take_pending() == ["ROLLBACK TO accord"]
    assert not savepoints.check(one, "ROLLBACK", "its")
