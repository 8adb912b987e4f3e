"""An editor without a window: what it asks a language server about feature files."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.uris import to_fs_path


class Editor:
    """An editor that has a folder open, whose language server is `pytest-bdd-language-server`."""

    def __init__(self, folder: Path, client: LanguageClient) -> None:
        self._folder = folder
        self._client = client

    async def definitions(self, feature: str, line: str) -> set[tuple[str, str]]:
        """Return where a step leads, the file and the line there; its line is the first with this text."""
        document, position = self._open(feature, line)
        found = await self._client.text_document_definition_async(types.DefinitionParams(document, position))
        assert found is None or isinstance(found, list)
        return {self._place(it) for it in found or () if isinstance(it, types.Location)}

    async def completions(self, feature: str, line: str) -> dict[str, str]:
        """Return what is offered for the rest of the first line with this text: by its label, what is put there."""
        document, position = self._open(feature, line)
        found = await self._client.text_document_completion_async(types.CompletionParams(document, position))
        assert isinstance(found, types.CompletionList)
        return {it.label: it.insert_text or "" for it in found.items}

    def _open(self, feature: str, line: str) -> tuple[types.TextDocumentIdentifier, types.Position]:
        path = self._folder / feature
        text = path.read_text(encoding="utf-8")
        uri = path.as_uri()
        self._client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "cucumber", 1, text))
        )
        number = next(number for number, it in enumerate(text.splitlines()) if line in it)
        end = text.splitlines()[number].index(line) + len(line)
        return types.TextDocumentIdentifier(uri), types.Position(number, end)

    def _place(self, location: types.Location) -> tuple[str, str]:
        path = Path(str(to_fs_path(location.uri)))
        line = path.read_text(encoding="utf-8").splitlines()[location.range.start.line]
        return path.relative_to(self._folder).as_posix(), line.strip()


@asynccontextmanager
async def editor_of(folder: Path) -> AsyncIterator[Editor]:
    """Give an editor that has this folder open, over standard input and output, as editors talk to such a server."""
    client = LanguageClient("an editor", "1")
    # What it tells meanwhile is for those who type.
    client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda _: None)
    await client.start_io(sys.executable, "-m", "pytest_bdd_language_server")
    folders = [types.WorkspaceFolder(folder.as_uri(), folder.name)]
    await client.initialize_async(types.InitializeParams(types.ClientCapabilities(), workspace_folders=folders))
    client.initialized(types.InitializedParams())
    try:
        yield Editor(folder, client)
    finally:
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()
