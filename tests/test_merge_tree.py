"""Many files: renames of the template carry the user's edits, and the certificate counts them."""

from __future__ import annotations

from featuregen.merge import (
    Certificate,
    FileState,
    TreeMerge,
    beside_path,
    certificate,
    certify,
    merge_file,
    merge_tree,
)

SERVICE = '"""Service."""\n\n\ndef create(data):\n    row = load(data)\n    return row\n'
EDITED = SERVICE.replace("    return row", "    # mine\n    return row")


def tree(**files: str) -> dict[str, FileState]:
    return {name.replace("_py", ".py"): FileState(text.encode()) for name, text in files.items()}


def text(merged: TreeMerge, path: str) -> str:
    state = merged.files[path].state
    assert state is not None
    return state.text.decode()


def test_a_declared_rename_carries_the_users_edits() -> None:
    new = SERVICE.replace("create", "charge").replace("row", "record").replace("load", "find")
    merged = merge_tree(
        tree(old_py=SERVICE),
        tree(old_py=SERVICE + "\n\nMINE = 1\n"),
        tree(new_py=new),
        {"old.py": "new.py"},
    )
    assert merged.conflicts == ()
    assert text(merged, "new.py") == new + "\n\nMINE = 1\n"
    assert merged.writes() == {"new.py": merged.files["new.py"].state, "old.py": None}


def test_a_rename_that_nobody_declared_is_found_for_an_edited_file() -> None:
    merged = merge_tree(tree(old_py=SERVICE), tree(old_py=EDITED), tree(new_py=SERVICE))
    assert merged.moved == {"old.py": "new.py"}
    assert text(merged, "new.py") == EDITED


def test_an_unlike_new_file_is_no_rename() -> None:
    merged = merge_tree(tree(old_py=SERVICE), tree(old_py=EDITED), tree(new_py="x = 1\n"))
    assert merged.moved == {}
    assert [each.path for each in merged.conflicts] == ["old.py"]
    assert merged.writes() == tree(new_py="x = 1\n")


def test_a_renamed_file_that_the_user_deleted_stays_deleted() -> None:
    merged = merge_tree(tree(old_py=SERVICE), {}, tree(new_py=EDITED), {"old.py": "new.py"})
    assert merged.writes() == {}
    assert [path for path, _ in merged.notes] == ["new.py"]


def test_a_rename_onto_a_file_of_the_users_loses_neither() -> None:
    merged = merge_tree(
        tree(old_py=SERVICE), tree(old_py=EDITED, new_py="MINE = 1\n"), tree(new_py=SERVICE),
        {"old.py": "new.py"},
    )  # fmt: skip
    assert "old.py" not in merged.writes()
    assert "MINE = 1\n" in text(merged, "new.py")
    assert {each.path for each in merged.conflicts} == {"old.py", "new.py"}


def test_a_tree_without_a_change_writes_nothing() -> None:
    ours = {**tree(a_py=EDITED), "own.txt": FileState(b"mine")}
    merged = merge_tree(tree(a_py=SERVICE), ours, tree(a_py=SERVICE))
    assert merged.writes() == {}
    assert set(merged.files) == {"a.py"}


def test_theirs_beside_the_users_file_is_no_python_source() -> None:
    base, ours, theirs = (tree(test_a_py=f"X = {n}\n") for n in (1, 2, 3))
    merged = merge_tree(base, ours, theirs, conflicts="file")
    assert merged.writes() == {"test_a.py.theirs": theirs["test_a.py"]}
    assert beside_path("a/test_a.py") == "a/test_a.py.theirs"


def test_the_certificate_counts_what_the_user_added_and_what_is_still_there() -> None:
    ours = tree(a_py=EDITED + "\n\nimport json\n\n\ndef mine():\n    return json\n")
    theirs = tree(a_py=SERVICE.replace("(data):", "(data, key):"))
    base = tree(a_py=SERVICE)
    proof = certify(base, merge_tree(base, ours, theirs))
    # The comment in create, the import, the two lines of mine.
    assert proof == Certificate(3, 3, 4, 4)


def test_the_certificate_does_not_count_layout() -> None:
    base, ours = FileState(b"x = f(1, 2)\n"), FileState(b"x = f(\n    1,\n    2,\n)\n")
    merged = merge_file("a.py", base, ours, FileState(b"x = f(1, 2)\ny = 1\n"))
    assert certificate("a.py", base, ours, merged) == Certificate()


def test_the_certificate_counts_lines_in_a_conflict_as_kept() -> None:
    base, ours, theirs = (FileState(f"x = {n}\n".encode()) for n in (1, 2, 3))
    merged = merge_file("a.py", base, ours, theirs)
    proof = certificate("a.py", base, ours, merged)
    assert (proof.user_lines_kept, proof.user_lines_total) == (1, 1)
    assert proof.conflicts == merged.conflicts


def test_the_certificate_tells_what_a_faulty_merge_lost() -> None:
    base, ours = FileState(SERVICE.encode()), FileState(EDITED.encode())
    faulty = merge_file("a.py", base, base, base)
    proof = certificate("a.py", base, ours, faulty)
    assert proof.lost == ("a.py: # mine",)
    assert proof.user_lines_kept == 0


def test_the_certificate_follows_a_renamed_file_and_a_renamed_function() -> None:
    base, ours = tree(old_py=SERVICE), tree(old_py=EDITED)
    theirs = tree(new_py=SERVICE.replace("def create", "def create_one"))
    proof = certify(base, merge_tree(base, ours, theirs, {"old.py": "new.py"}))
    assert (proof.user_lines_kept, proof.user_lines_total, proof.lost) == (1, 1, ())
