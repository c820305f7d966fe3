import * as vscode from "vscode";

/** What `companion/status` answers, as far as the bar shows it. */
export interface Status {
  running: boolean;
  next?: string;
  message?: string;
  version?: string;
  gateway?: string;
  pending?: number;
  spent_today_pd?: number;
  unpriced_today?: number;
}

const PICODOLLARS = 1e12;

/** One item: today's spend and what waits, or that no daemon runs. */
export class StatusBar {
  private readonly item = vscode.window.createStatusBarItem("companion", vscode.StatusBarAlignment.Right, 90);

  constructor(context: vscode.ExtensionContext) {
    this.item.name = "companion";
    context.subscriptions.push(this.item);
  }

  show(status: Status): void {
    const pending = status.pending ?? 0;
    if (!status.running) {
      this.item.text = "$(shield) companion is off";
      this.item.tooltip = `${status.message ?? ""}\n${status.next ?? ""}`.trim();
      this.item.command = "companion.start";
    } else {
      const spent = `$${((status.spent_today_pd ?? 0) / PICODOLLARS).toFixed(2)}`;
      const unpriced = status.unpriced_today ?? 0;
      this.item.text = `$(shield) ${spent}${unpriced > 0 ? "+" : ""}${pending > 0 ? ` $(bell) ${pending}` : ""}`;
      this.item.tooltip =
        `companion ${status.version ?? ""} at ${status.gateway ?? ""}: ${spent} today` +
        `${unpriced > 0 ? `, and ${unpriced} calls without a known price` : ""}, ${pending} waiting`;
      this.item.command = pending > 0 ? "companion.review" : "companion.terminal";
    }
    this.item.backgroundColor =
      pending > 0 ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
    this.item.show();
  }
}
