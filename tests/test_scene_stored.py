"""What the tests of rows, lists and kept answers are planned to do; no spec is too much for it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from featuregen.plan.make import make_plan
from featuregen.plan.scene_cached import plan_cached_tests
from featuregen.plan.scene_listed import ListTest, plan_list_tests
from featuregen.plan.scene_stored import StoredTest, plan_stored_tests
from featuregen.render import render_feature
from featuregen.spec.load import parse_spec
from featuregen.spec.model import FeatureSpec

CASES = Path(__file__).parent / "cases"
SPECS = sorted([*(CASES / "good").glob("*.yaml"), *(CASES / "ok").glob("*.yaml")])
BOOKS = """\
featuregen: 1
feature: book
errors:
  BookNotFound: {status: 404}
entities:
  Shelf:
    scope: permission:shelves.read_all
    fields:
      label: {type: string, max_length: 40}
    unique: [[owner_id, label]]
  Book:
    fields:
      title: {type: string, max_length: 80}
      isbn: {type: string, pattern: "^[0-9]{13}$", max_length: 13}
      pages: {type: int, ge: 1, required: false}
      note: {type: string, max_length: 20, required: false, internal: true}
      state: {type: enum, values: [in, out], generated: in}
      shelf_id: {references: Shelf, on_delete: restrict, required: false}
      changed_at: {type: datetime, generated: on_update}
    unique: [isbn]
crud:
  - {entity: Book, permission: true}
  - {entity: Shelf}
operations:
  list_books:
    method: GET
    path: /
    list: Book
    filter: [state, pages, shelf_id]
    search: [title, isbn]
    sort: [-pages, title]
    cache: {ttl: 60s}
  change_book: {method: PATCH, path: "/{id}/all", update: Book, if_match: required}
  lend: {method: POST, path: "/{id}/lend", transition: {entity: Book, from: [in], to: out}}
"""


@pytest.fixture(scope="module")
def books() -> FeatureSpec:
    return parse_spec(BOOKS, "book.yaml")


def stored(spec: FeatureSpec, name: str) -> StoredTest:
    plan = plan_stored_tests(spec)
    assert plan is not None
    return next(test for test in plan.operations if test.name == name)


def listed(spec: FeatureSpec, name: str) -> ListTest:
    plan = plan_list_tests(spec)
    assert plan is not None
    return next(test for test in plan.operations if test.name == name)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_tests_of_a_case_have_each_a_name_of_their_own(path: Path) -> None:
    files, _ = render_feature(make_plan(parse_spec(path.read_text("utf-8"), path.name)))
    modules = {name: text for name, text in files.items() if name.startswith("tests/test_")}
    assert modules
    for text in modules.values():
        names = [
            node.name
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        assert sorted(names) == sorted(set(names))


def test_a_feature_without_rows_has_no_tests_of_them() -> None:
    spec = parse_spec((CASES / "good" / "minimal.yaml").read_text("utf-8"), "minimal.yaml")
    assert plan_stored_tests(spec) is None
    assert plan_list_tests(spec) is None
    assert plan_cached_tests(spec) is None


def test_a_stranger_holds_the_permission_of_the_operation_and_no_other(books: FeatureSpec) -> None:
    found = stored(books, "get_book").found
    assert found is not None
    assert found.stranger == '"user_2", ["books.read"]'
    assert found.reader is None


def test_who_may_read_all_rows_changes_none(books: FeatureSpec) -> None:
    reading, writing = stored(books, "get_shelf").found, stored(books, "update_shelf").found
    assert reading is not None
    assert writing is not None
    assert reading.reader == writing.reader == '"user_2", ["shelves.read_all"]'
    assert (reading.changes, writing.changes) == (False, True)


def test_what_the_service_sets_is_sent_with_values_that_it_could_have(books: FeatureSpec) -> None:
    written = stored(books, "create_book").written
    assert written is not None
    wished = {field.wire: field.value for field in written.server_set}
    assert wished.keys() == {'"id"', '"owner_id"', '"state"', '"changed_at"', '"note"', '"version"'}
    assert wished['"owner_id"'] == '"user_2"'
    assert wished['"state"'] == '"out"'
    assert "None" not in wished.values()


def test_a_taken_key_is_anothers_and_is_not_told(books: FeatureSpec) -> None:
    written = stored(books, "create_book").written
    assert written is not None
    [clash] = written.clashes
    assert 'owner_id="user_2"' in clash.rows[-1]
    assert "isbn=" not in clash.rows[-1]  # the sample, as in the body
    [secret] = clash.secrets
    assert secret in str(stored(books, "create_book").body)
    assert clash.apart == ()


def test_a_key_with_its_owner_is_free_for_another_owner(books: FeatureSpec) -> None:
    written = stored(books, "create_shelf").written
    assert written is not None
    [clash] = written.clashes
    assert "user_2" not in clash.rows[-1]
    assert 'owner_id="user_2"' in clash.apart[-1]


def test_a_reference_is_broken_by_nobodys_row_and_by_anothers(books: FeatureSpec) -> None:
    written = stored(books, "update_book").written
    assert written is not None
    assert [(each.label, len(each.rows)) for each in written.references] == [
        ('"shelf_id: nobody\'s"', 0),
        ('"shelf_id: another\'s"', 1),
    ]


def test_an_update_changes_each_field_and_empties_what_may_be_empty(books: FeatureSpec) -> None:
    updated = stored(books, "update_book").updated
    assert updated is not None
    assert [patch.label for patch in updated.patches] == [
        '"title"', '"isbn"', '"pages"', '"pages: null"',
    ]  # fmt: skip
    assert updated.not_null == ('"title"', '"isbn"')
    assert updated.still == ('"changed_at"',)


def test_only_an_operation_that_insists_on_a_version_sends_one(books: FeatureSpec) -> None:
    insisting, other = stored(books, "change_book"), stored(books, "update_book")
    assert insisting.version is not None
    assert other.version is not None
    assert (insisting.version.required, other.version.required) == (True, False)
    assert "If-Match" in str(insisting.request.headers)
    assert insisting.unversioned.headers is None
    assert other.request.headers is None


def test_a_delete_meets_each_row_that_refers_to_its_own(books: FeatureSpec) -> None:
    [referring] = stored(books, "delete_shelf").referring
    assert (referring.on_delete, referring.table) == ("restrict", "Book")
    assert "shelf_id=" in referring.rows[-1]


def test_every_other_state_is_a_wrong_one(books: FeatureSpec) -> None:
    transition = stored(books, "lend").transition
    assert transition is not None
    assert (transition.right, transition.wrong, transition.to) == ('"in"', ('"out"',), '"out"')


def test_each_sort_has_an_order_of_its_own_with_equal_values_and_nulls(books: FeatureSpec) -> None:
    ordered = listed(books, "list_books").ordered
    assert ordered is not None
    orders = dict(ordered.sorts)
    assert orders.keys() == {"{}", '{"sort": "-pages"}', '{"sort": "title"}'}
    assert orders["{}"] == orders['{"sort": "-pages"}'] != orders['{"sort": "title"}']
    assert sum("pages=None" in row for row in ordered.rows.rows) == 1
    assert len(ordered.rows.rows) == 5


def test_ranges_are_asked_at_their_bounds(books: FeatureSpec) -> None:
    filtered = listed(books, "list_books").filtered
    assert filtered is not None
    shown = {query: rows for query, rows in filtered.queries if "pages_" in query}
    assert list(shown.values()) == ["[1, 2]", "[0, 1]", "[1]"]


def test_two_filters_let_through_what_both_do(books: FeatureSpec) -> None:
    filtered = listed(books, "list_books").filtered
    assert filtered is not None
    query, shown = filtered.queries[-1]
    assert query.count('": "') == 2
    assert shown == "[]"


def test_special_characters_are_searched_for_where_a_field_takes_them(
    books: FeatureSpec,
) -> None:
    searches = {scene.name: dict(scene.queries) for scene in listed(books, "list_books").searches}
    assert searches['"title"']['{"q": "%"}'] == "[0]"
    assert searches['"title"']['{"q": "_"}'] == "[0]"
    assert '{"q": "%"}' not in searches['"isbn"']
    assert {query: "[]" for query in searches['"isbn"'] if "%" in query}


def test_sql_is_valid_for_free_text_only(books: FeatureSpec) -> None:
    injected = dict(listed(books, "list_books").injected)
    assert [query for query, valid in injected.items() if valid] == ['{"q": "\' OR 1=1 --"}']


def test_rows_of_others_are_counted_for_whom_they_are_shown_to(books: FeatureSpec) -> None:
    shown = {each.token: each.rows for each in listed(books, "list_shelves").shown}
    assert shown == {
        '"user_1", []': "[0]",
        '"user_2", []': "[1]",
        '"user_2", ["shelves.read_all"]': "[0, 1]",
    }


def test_a_kept_list_is_ended_by_the_writes_that_show_in_it(books: FeatureSpec) -> None:
    plan = plan_cached_tests(books)
    assert plan is not None
    [kept] = plan.operations
    assert {write.name for write in kept.writes} == {"create_book", "delete_book"}
    assert (kept.private, kept.scope, kept.ttl) == (True, "private", 60)


def test_a_filter_by_what_keeps_rows_apart_has_another_for_each_row() -> None:
    path = CASES.parents[1] / "examples" / "enrolment" / "enrolment.yaml"
    filtered = listed(parse_spec(path.read_text("utf-8"), path.name), "list_enrolments").filtered
    assert filtered is not None
    courses = {row.partition('course_id="')[2].partition('"')[0] for row in filtered.rows.rows}
    assert len(courses) == len(filtered.rows.rows) == 3
