import * as os from "node:os";
import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";

import { type Approval, Approvals } from "./approvals";
import { type Status, StatusBar } from "./statusBar";

const LOOK_AGAIN = 15_000;
const GATHER = 300;

// Never the workspace: some systems look for a program in the working directory first.
const cwd = os.homedir();

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const settings = vscode.workspace.getConfiguration("companion");
  const server: ServerOptions = { command: settings.get("lspPath", "companion-lsp"), options: { cwd } };
  const options: LanguageClientOptions = {
    documentSelector: [{ scheme: "file" }, { scheme: "untitled" }],
    initializationOptions: { companion: { approval: true, status: true } },
  };
  const started = new LanguageClient("companion", "companion", server, options);
  client = started;

  const bar = new StatusBar(context);
  let soon: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    soon = undefined;
    try {
      bar.show(await started.sendRequest<Status>("companion/status"));
    } catch (error) {
      bar.show({ running: false, message: `companion-lsp does not answer: ${String(error)}`, next: "companion doctor" });
    }
  };
  const lookSoon = (): void => {
    soon ??= setTimeout(() => void look(), GATHER);
  };
  const approvals = new Approvals(context, lookSoon);
  started.onRequest("companion/approval", (approval: Approval, token) => approvals.ask(approval, token));
  started.onNotification("companion/statusChanged", lookSoon);

  const timer = setInterval(lookSoon, LOOK_AGAIN);
  context.subscriptions.push(
    { dispose: () => clearInterval(timer) },
    vscode.commands.registerCommand("companion.review", () =>
      approvals.count > 0 ? approvals.review() : openTerminalUi(settings),
    ),
    vscode.commands.registerCommand("companion.terminal", () => openTerminalUi(settings)),
    vscode.commands.registerCommand("companion.start", () => startDaemon(settings)),
  );
  await started.start().catch(() => undefined); // the client has told the person why, and the bar says so as well
  await look();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

function openTerminalUi(settings: vscode.WorkspaceConfiguration): void {
  const shellPath = settings.get("path", "companion");
  vscode.window.createTerminal({ name: "companion", shellPath, shellArgs: ["tui"], cwd }).show();
}

/** In a shell, which stays open: `companion up` shows a virtual key this once. */
function startDaemon(settings: vscode.WorkspaceConfiguration): void {
  const path = settings.get("path", "companion");
  const terminal = vscode.window.createTerminal({ name: "companion", cwd });
  terminal.show();
  terminal.sendText(`${/\s/.test(path) ? `"${path}"` : path} up`);
}
