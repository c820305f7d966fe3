import * as vscode from "vscode";
import type { CancellationToken } from "vscode-languageclient/node";

/** What the server sends with `companion/approval`. */
export interface Approval {
  id: string;
  kind: string;
  what: string;
  code: string;
  reason: string;
  hint: string;
  client: string;
  tier: string;
  workspace: string;
  expiresAt: string;
  digest: string;
  cwd: string;
  /** How far a yes may reach: "once", and perhaps "session" and "rule". */
  reaches: string[];
  /** What there is to know beside the action's text, a line each: what it deletes, what it runs. */
  beside: string[];
}

type Reach = "once" | "session" | "rule";

/** Null is no answer: the approval waits on, elsewhere, until the daemon's deadline denies it. */
export type Answer = { approve: boolean; reason: string; reach?: Reach } | null;

interface Waiting {
  approval: Approval;
  settle(answer: Answer): void;
}

const SCHEME = "companion-approval";
const LONGEST_LINE = 160;

interface Choice extends vscode.QuickPickItem {
  approve?: boolean;
  reach?: Reach;
}

/** In the order in which they are offered: what reaches furthest stands last. */
const YES: { reach: Reach; label: string; description: string }[] = [
  { reach: "once", label: "Approve", description: "once, exactly what the tab shows" },
  { reach: "session", label: "Approve for this session", description: "the same action needs no further yes in it" },
  { reach: "rule", label: "Approve from now on", description: "this command, in this workspace, for 30 days" },
];

/**
 * Approvals that wait. A toast announces one, without a button that answers; the answer is given in a picker beside the
 * whole action, whose first item does nothing, so that a key meant for the code answers nothing.
 */
export class Approvals implements vscode.TextDocumentContentProvider {
  private readonly waiting = new Map<string, Waiting>();

  constructor(
    context: vscode.ExtensionContext,
    private readonly changed: () => void,
  ) {
    context.subscriptions.push(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
  }

  get count(): number {
    return this.waiting.size;
  }

  /** Resolves when the person answers, or with null when it ended elsewhere. */
  ask(approval: Approval, token: CancellationToken): Promise<Answer> {
    return new Promise((resolve) => {
      const settle = (answer: Answer): void => {
        this.waiting.delete(approval.id);
        this.changed();
        resolve(answer);
      };
      this.waiting.set(approval.id, { approval, settle });
      token.onCancellationRequested(() => settle(null));
      this.changed();
      void this.announce(approval);
    });
  }

  /** The oldest that waits, or the one with this id. */
  async review(id?: string): Promise<void> {
    const found = id === undefined ? this.waiting.values().next().value : this.waiting.get(id);
    if (found === undefined) {
      void vscode.window.showInformationMessage(id === undefined ? "Nothing waits." : "It has ended already.");
      return;
    }
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${found.approval.id}.txt` });
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true, preserveFocus: true });
    const chosen = await this.choose(found.approval);
    if (chosen?.approve === undefined || !this.waiting.has(found.approval.id)) {
      return;
    }
    if (chosen.approve) {
      found.settle({ approve: true, reason: "", reach: chosen.reach });
      return;
    }
    const reason = await vscode.window.showInputBox({ prompt: "Why not? The model reads it.", ignoreFocusOut: true });
    found.settle({ approve: false, reason: reason ?? "" });
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const found = this.waiting.get(uri.path.slice(1, -".txt".length));
    return found === undefined ? "It has ended.\n" : describe(found.approval);
  }

  private async announce(approval: Approval): Promise<void> {
    const message = `${approval.client} waits for your answer (${approval.code})`;
    if ((await vscode.window.showWarningMessage(message, "Review")) === "Review") {
      await this.review(approval.id);
    }
  }

  private async choose(approval: Approval): Promise<Choice | undefined> {
    const yes = YES.filter(({ reach }) => reach === "once" || approval.reaches.includes(reach));
    const choices: Choice[] = [
      { label: "Later", description: "answer it elsewhere, or let the deadline deny it" },
      ...yes.map((choice) => ({ ...choice, approve: true })),
      { label: "Deny", description: "the agent goes on without it", approve: false },
    ];
    const title = `${approval.client}: ${approval.reason} (${approval.code})`;
    return vscode.window.showQuickPick(choices, { title, ignoreFocusOut: true });
  }
}

function describe(approval: Approval): string {
  const lines = approval.what.split("\n").flatMap(wrapped);
  const facts = [
    `${approval.client} (${approval.tier}) asks for this ${approval.kind} action in ${approval.workspace || "an unknown workspace"}:`,
    "",
    ...lines.map((line) => `    ${line}`),
    "",
    ...approval.beside.flatMap(wrapped),
    approval.cwd && approval.cwd !== approval.workspace ? `In the folder ${approval.cwd}.` : "",
    `${approval.reason} (${approval.code})`,
    approval.hint,
    `Denied by itself at ${approval.expiresAt}.`,
  ];
  return facts.filter((line, at) => line !== "" || at < lines.length + 3).join("\n") + "\n";
}

/** Nothing may lie beyond the right edge of the window unseen. */
function wrapped(line: string): string[] {
  const characters = [...line];
  const parts: string[] = [];
  for (let at = 0; at === 0 || at < characters.length; at += LONGEST_LINE) {
    const more = at + LONGEST_LINE < characters.length;
    parts.push(characters.slice(at, at + LONGEST_LINE).join("") + (more ? " ↩" : ""));
  }
  return parts;
}
