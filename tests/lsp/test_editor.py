from __future__ import annotations

import pytest
from lsprotocol import types
from pygls.workspace import Workspace

from companion_lsp.editor import Editor
from companion_lsp.setup import build_server


@pytest.mark.parametrize(
    ("folders", "root", "uri", "workspace"),
    [
        (["file:///src/shop"], None, "file:///src/shop/a.py", "/src/shop"),
        (["file:///src/shop", "file:///src/shop/web/"], None, "file:///src/shop/web/a.ts", "/src/shop/web"),
        (["file:///src/shop"], None, "file:///src/shop-two/a.py", ""),
        (["file:///src/my%20shop"], None, "file:///src/my%20shop/a.py", "/src/my shop"),
        ([], "file:///src", "file:///src/a.py", "/src"),
        ([], None, "file:///src/a.py", ""),
        (["file:///src"], None, "untitled:Untitled-1", ""),
    ],
)
def test_the_workspace_of_a_document(folders: list[str], root: str | None, uri: str, workspace: str) -> None:
    server = build_server()
    server.protocol._workspace = Workspace(root, workspace_folders=[types.WorkspaceFolder(one, one) for one in folders])
    assert Editor(server).workspace_of(uri) == workspace
