"""The workspace: what is found, what is refused, and what a new one contains."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from scrubjay.errors import DefinitionError, UsageError
from scrubjay.reference.registries import write_template
from scrubjay.tables import PAYERS, PROVIDERS, REGISTRIES, SITES
from scrubjay.workspace import Workspace, create_workspace, import_registry, load_registry

NAMES = [table.name for table in REGISTRIES]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "scrubjay.toml").touch()
    return tmp_path


def refuse(folder: Path, settings: str | bytes) -> str:
    """The message about a scrubjay.toml, without its folder."""
    (folder / "scrubjay.toml").write_bytes(settings if isinstance(settings, bytes) else settings.encode())
    with pytest.raises(DefinitionError) as caught:
        Workspace.open(folder)
    return str(caught.value).removeprefix(f"{folder / 'scrubjay.toml'}")


def test_the_empty_workspace_knows_nothing() -> None:
    workspace = Workspace.empty()
    assert workspace.root is None
    assert workspace.registries == dict.fromkeys(NAMES)
    assert workspace.column_map == {}


def test_empty_settings_are_enough(folder: Path) -> None:
    workspace = Workspace.open(folder)
    assert workspace.root == folder
    assert workspace.registries == dict.fromkeys(NAMES)
    assert Workspace.open(folder / "scrubjay.toml") == workspace


def test_registries_under_their_own_names_are_picked_up(folder: Path) -> None:
    (folder / "sites.csv").write_text("site_id\nNORTH\n")
    registries = Workspace.open(folder).registries
    assert registries["sites"] is not None
    assert registries["sites"]["site_id"].to_pylist() == ["NORTH"]
    assert registries["payers"] is None


def test_a_registry_named_in_the_settings_comes_before_the_one_under_its_own_name(folder: Path) -> None:
    (folder / "kept").mkdir()
    (folder / "kept" / "places.csv").write_text("site_id\nSOUTH\n")
    (folder / "sites.csv").write_text("this file is not read")
    (folder / "scrubjay.toml").write_text('[registries]\nsites = "kept/places.csv"\n')
    sites = Workspace.open(folder).registries["sites"]
    assert sites is not None
    assert sites["site_id"].to_pylist() == ["SOUTH"]


def test_a_registry_without_a_row_is_no_registry(folder: Path) -> None:
    (folder / "sites.csv").write_text("site_id,site_name\n,\n")
    assert Workspace.open(folder).registries["sites"] is None


def test_a_malformed_registry_is_told_with_its_own_name(folder: Path) -> None:
    (folder / "sites.csv").write_text("site_id,state\nNORTH,ZZ\n")
    with pytest.raises(DefinitionError, match=r"sites\.csv: row 1, column state: 'ZZ'"):
        Workspace.open(folder)


def test_columns_of_a_claims_file_are_mapped_to_ours(folder: Path) -> None:
    (folder / "scrubjay.toml").write_text(
        '[columns]\n"Place of Service" = "place_of_service_code"\nDOS = "service_date"\n'
    )
    assert Workspace.open(folder).column_map == {"Place of Service": "place_of_service_code", "DOS": "service_date"}


def test_settings_with_a_byte_order_mark_are_read(folder: Path) -> None:
    (folder / "scrubjay.toml").write_bytes(b'\xef\xbb\xbf[columns]\nDOS = "service_date"\n')
    assert Workspace.open(folder).column_map == {"DOS": "service_date"}


# --- what is refused --------------------------------------------------------------------------------


def test_a_folder_without_settings_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"scrubjay\.toml: the settings cannot be opened.*scrubjay init"):
        Workspace.open(tmp_path / "nowhere")


def test_an_unknown_section_is_told_with_line_and_nearest(folder: Path) -> None:
    assert refuse(folder, "# mine\n[registry]\n") == (
        ":2: unknown setting 'registry'. To fix it: keep to the sections [registries], [rules.CODE], [columns], [fees] and "
        "[feeds.HOSPITAL]. "
        "Did you mean 'registries'?"
    )


def test_a_key_outside_a_section_is_told(folder: Path) -> None:
    assert refuse(folder, 'color = "blue"\n').startswith(":1: unknown setting 'color'. To fix it: keep to")
    assert refuse(folder, '\ncolumns = "blue"\n').startswith(":2: 'columns' is a section. To fix it: write [columns]")


def test_an_unknown_registry_is_told_with_line_and_nearest(folder: Path) -> None:
    assert refuse(folder, '[registries]\n\nsite = "sites.csv"\n') == (
        ":3: unknown registry 'site'. To fix it: use one of sites, providers, payers, encounters. Did you mean 'sites'?"
    )


def test_a_registry_that_is_not_there_is_told(folder: Path) -> None:
    assert refuse(folder, '[registries]\nsites = "places.csv"\n') == (
        ":2: there is no file 'places.csv' for sites. To fix it: correct the name, or delete the line"
    )
    assert refuse(folder, '[registries]\nsites = "\\u0000"\n').startswith(":2: there is no file")


@pytest.mark.parametrize("value", ["7", '""', '["sites.csv"]'])
def test_a_registry_that_is_no_file_name_is_told(folder: Path, value: str) -> None:
    assert "write a file name: sites = " in refuse(folder, f"[registries]\nsites = {value}\n")


@pytest.mark.parametrize(
    "value", ["/data/sites.csv", "C:/data/sites.csv", "C:sites.csv", "\\\\\\\\server\\\\share\\\\sites.csv"]
)
def test_an_absolute_path_is_told(folder: Path, value: str) -> None:
    message = refuse(folder, f'[registries]\nsites = "{value}"\n')
    assert message.startswith(":2: ")
    assert "is an absolute path" in message
    assert "write it relative to the folder of scrubjay.toml" in message


def test_a_column_that_claims_do_not_have_is_told_with_line_and_nearest(folder: Path) -> None:
    message = refuse(folder, '[columns]\n"Place of Service" = "place_of_service"\n')
    assert message.startswith(":2: 'Place of Service' stands for 'place_of_service', which is no column of a claim.")
    assert message.endswith("Did you mean 'place_of_service_code'?")
    assert "which is no column" in refuse(folder, "[columns]\nDOS = 7\n")
    assert "which is no column" in refuse(folder, '[columns]\nrow = "row_number"\n')


def test_two_names_for_the_same_column_are_told(folder: Path) -> None:
    message = refuse(folder, '[columns]\nDOS = "service_date"\nDate = "service_date"\n')
    assert message == ":3: two names stand for 'service_date'. To fix it: keep one of them"


def test_settings_that_are_not_toml_are_told_with_the_line(folder: Path) -> None:
    assert refuse(folder, "[registries]\nsites = sites.csv\n").startswith(":2: this is not TOML: Invalid value")
    assert "this is not TOML" in refuse(folder, "a = " + "[" * 100_000)
    assert "this is not TOML" in refuse(folder, "a = " + "1" * 5000)
    assert refuse(folder, b"[columns]\n# \xff\n").startswith(": the file is not in UTF-8")


# --- find and create ----------------------------------------------------------------------------------


def test_the_nearest_folder_upwards_is_found(folder: Path) -> None:
    deep = folder / "claims" / "2024"
    deep.mkdir(parents=True)
    (deep / "july.837").touch()
    assert Workspace.find(deep).root == folder.resolve()
    assert Workspace.find(deep / "july.837").root == folder.resolve()
    (deep / "scrubjay.toml").touch()
    assert Workspace.find(deep / "july.837").root == deep.resolve()


def test_without_settings_anywhere_the_empty_workspace_is_found(tmp_path: Path) -> None:
    assert Workspace.find(tmp_path) == Workspace.empty()


def test_a_new_workspace_is_valid_and_knows_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "workspace"
    written = create_workspace(folder)
    assert sorted(file.name for file in written) == sorted(file.name for file in folder.iterdir())
    assert {file.name for file in written} == {"scrubjay.toml", "README.md", *(f"{name}.csv" for name in NAMES)}
    assert Workspace.open(folder).registries == dict.fromkeys(NAMES)


def test_the_settings_of_a_new_workspace_also_hold_with_every_line_on(tmp_path: Path) -> None:
    create_workspace(tmp_path)
    settings = tmp_path / "scrubjay.toml"
    lines = [
        line.removeprefix("# ") if " = " in line or line.startswith("# [") else line
        for line in settings.read_text().splitlines()
    ]
    settings.write_text("\n".join(lines))
    assert set(tomllib.loads(settings.read_text())["registries"]) == set(NAMES)
    workspace = Workspace.open(tmp_path)
    assert workspace.column_map["Place of Service"] == "place_of_service_code"
    assert [(one.code, one.severity) for one in workspace.settings] == [("PRO116", "off")]


def test_the_readme_of_a_new_workspace_says_what_every_column_means(tmp_path: Path) -> None:
    create_workspace(tmp_path)
    text = (tmp_path / "README.md").read_text()
    for table in REGISTRIES:
        for column in table.columns:
            assert f"| `{column.name}` |" in text
            assert column.meaning in text


def test_nothing_that_exists_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("site_id\nNORTH\n")
    (tmp_path / "README.md").touch()
    with pytest.raises(UsageError, match=r"sites\.csv, README\.md exist already, and nothing is overwritten"):
        create_workspace(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["README.md", "sites.csv"]
    assert (tmp_path / "sites.csv").read_text() == "site_id\nNORTH\n"


def test_a_folder_that_cannot_be_made_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="the workspace cannot be written"):
        create_workspace(tmp_path / "file" / "workspace")


# --- one registry, and a new one in its place ---------------------------------------------------------


SITES_TEXT = "site_id,site_name\nNORTH,North Clinic\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "new sites.csv"
    path.parent.mkdir()
    path.write_text(SITES_TEXT)
    return path


def test_one_registry_is_loaded_without_the_others(folder: Path) -> None:
    (folder / "sites.csv").write_text(SITES_TEXT)
    (folder / "payers.csv").write_text("this is no registry")
    rows = load_registry(SITES, folder)
    assert rows is not None and rows["site_id"].to_pylist() == ["NORTH"]
    assert load_registry(PROVIDERS, folder / "scrubjay.toml") is None
    with pytest.raises(DefinitionError, match=r"payers\.csv"):
        load_registry(PAYERS, folder)


def test_an_import_copies_the_file_as_it_is(folder: Path, source: Path) -> None:
    source.write_bytes(b"\xef\xbb\xbfSite ID;City\r\nNORTH;Ca\xc3\xb1on\r\n")
    done = import_registry(SITES, source, folder)
    assert (done.rows.num_rows, done.is_new, done.former) == (1, True, None)
    assert done.file == (folder / "sites.csv").resolve()
    assert done.file.read_bytes() == source.read_bytes()
    assert [file.name for file in folder.glob("sites*")] == ["sites.csv"]
    assert Workspace.open(folder).registries["sites"] is not None


def test_an_import_goes_where_the_settings_say(folder: Path, source: Path) -> None:
    (folder / "kept").mkdir()
    (folder / "scrubjay.toml").write_text('[registries]\nsites = "kept/places.csv"\n')
    assert import_registry(SITES, source, folder).file == (folder / "kept" / "places.csv").resolve()
    assert (folder / "kept" / "places.csv").read_text() == SITES_TEXT
    assert not (folder / "sites.csv").exists()


def test_a_template_is_filled_without_asking(folder: Path, source: Path) -> None:
    write_template(SITES, folder / "sites.csv")
    assert import_registry(SITES, source, folder).is_new
    assert [file.name for file in folder.glob("sites*")] == ["sites.csv"]


def test_the_same_file_again_changes_nothing(folder: Path, source: Path) -> None:
    import_registry(SITES, source, folder)
    assert not import_registry(SITES, source, folder).is_new
    assert not import_registry(SITES, folder / "sites.csv", folder, replace=True).is_new
    assert [file.name for file in folder.glob("sites*")] == ["sites.csv"]


@pytest.mark.parametrize("content", ["site_id\nSOUTH\n", "not a registry at all"])
def test_a_registry_that_holds_something_is_replaced_only_on_request(folder: Path, source: Path, content: str) -> None:
    (folder / "sites.csv").write_text(content)
    with pytest.raises(UsageError, match=r"has rows already.*Nothing was changed.*--replace"):
        import_registry(SITES, source, folder)
    assert (folder / "sites.csv").read_text() == content
    done = import_registry(SITES, source, folder, replace=True)
    assert done.former is not None
    assert (done.former.name, done.former.read_text()) == ("sites.csv.bak", content)
    assert (folder / "sites.csv").read_text() == SITES_TEXT


def test_no_former_registry_is_ever_lost(folder: Path, source: Path) -> None:
    texts = [f"site_id\nS{number}\n" for number in range(4)]
    for text in texts:
        source.write_text(text)
        import_registry(SITES, source, folder, replace=True)
    kept = {file.name: file.read_text() for file in folder.glob("sites*")}
    assert kept == dict(zip(["sites.csv.bak", "sites.csv.bak2", "sites.csv.bak3", "sites.csv"], texts, strict=True))


def test_former_registries_are_no_claims(folder: Path, source: Path) -> None:
    (folder / "sites.csv").write_text("site_id\nSOUTH\n")
    import_registry(SITES, source, folder, replace=True)
    assert (folder / "sites.csv.bak").resolve() in Workspace.open(folder).own_files


def test_a_registry_stays_as_safe_from_readers_as_it_was(folder: Path, source: Path) -> None:
    (folder / "sites.csv").write_text("site_id\nSOUTH\n")
    (folder / "sites.csv").chmod(0o600)
    source.chmod(0o644)
    done = import_registry(SITES, source, folder, replace=True)
    assert done.former is not None
    assert [file.stat().st_mode & 0o777 for file in (done.file, done.former)] == [0o600, 0o600]


def test_a_malformed_file_is_not_imported(folder: Path, source: Path) -> None:
    source.write_text("site_id,state\nNORTH,ZZ\n")
    with pytest.raises(DefinitionError, match=r"new sites\.csv: row 1, column state: 'ZZ'"):
        import_registry(SITES, source, folder)
    source.write_text("site_id\n")
    with pytest.raises(UsageError, match="the file has no row"):
        import_registry(SITES, source, folder)
    assert list(folder.glob("sites*")) == []


def test_an_import_that_cannot_be_written_is_wrong_use(folder: Path, source: Path) -> None:
    (folder / "scrubjay.toml").write_text('[registries]\nsites = "nowhere/places.csv"\n')
    with pytest.raises(UsageError, match=r"places\.csv: the registry cannot be written \(No such file"):
        import_registry(SITES, source, folder)
    with pytest.raises(UsageError, match=r"gone\.csv: the registry cannot be opened"):
        import_registry(SITES, folder / "gone.csv", folder)
    with pytest.raises(UsageError, match="the settings cannot be opened"):
        import_registry(SITES, source, folder / "kept")
