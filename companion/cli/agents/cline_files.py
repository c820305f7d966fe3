"""How Cline asks: a plugin of its CLI, which can refuse one call, and a hook file for VS Code, which can cancel."""

from __future__ import annotations

import json
from pathlib import Path

from companion.cli.agents.hooks import OR_BLOCK, OwnFile

_PLUGIN = """\
// made by companion connect; companion disconnect cline takes it away.
// Asks companion before each tool. Whatever fails, the tool is not run.
import http from "node:http";

const ADDRESS = %(address)s;
const TOKEN = %(token)s;
// Cline ends the whole run when a plugin has not answered after three seconds.
const PATIENCE_MS = 2500;

function ask(payload) {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(payload),
      authorization: "Bearer " + TOKEN,
      connection: "close",
    };
    const request = http.request(ADDRESS, { method: "POST", headers, agent: false });
    const late = () => request.destroy(new Error("no answer in time, and Cline waits no longer"));
    const timer = setTimeout(late, PATIENCE_MS);
    const fail = (error) => {
      clearTimeout(timer);
      reject(error);
    };
    request.on("error", fail);
    request.on("response", (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", fail);
      response.on("aborted", () => fail(new Error("companion went away before it had answered")));
      response.on("end", () => {
        clearTimeout(timer);
        if (!response.complete) return reject(new Error("companion's answer broke off"));
        resolve(Buffer.concat(parts).toString("utf8").replace(/^ +/, ""));
      });
    });
    request.end(payload);
  });
}

async function beforeTool(context) {
  try {
    const call = context.toolCall || {};
    const cwd = context.workspaceRoot || context.cwd || process.cwd();
    const said = await ask(JSON.stringify({ toolName: call.toolName, input: context.input ?? call.input, cwd }));
    if (said === "allow\\n") return undefined;
    const [word, ...reason] = said.split("\\n");
    if (word !== "deny") throw new Error("companion's answer cannot be read");
    return { skip: true, reason: reason.join(" ").trim() || "companion refused this" };
  } catch (error) {
    const why = (error && error.message) || "unknown";
    return {
      skip: true,
      reason: "companion refused this: no yes came (" + why + "). For the person: companion pending",
    };
  }
}

export default {
  name: "companion",
  manifest: { capabilities: ["hooks"] },
  setup() {},
  hooks: { beforeTool },
};
"""

_HOOK = """\
#!/bin/sh
# made by companion connect; companion disconnect cline takes it away.
# Cline in VS Code asks companion before each tool. Whatever fails, the tool is cancelled.
answer=$(%(command)s) && [ -n "$answer" ] && printf '%%s\\n' "$answer" && exit 0
printf '%%s\\n' '{"cancel":true,"errorMessage":"companion refused this: its hook failed. Next: companion doctor"}'
"""


def plugin(folder: Path, address: str, token: str) -> OwnFile:
    """For Cline's CLI; `folder` is its configuration folder."""
    content = _PLUGIN % {"address": json.dumps(address), "token": json.dumps(token)}
    return OwnFile(str(folder / "plugins" / "companion.js"), content)


def hook_file(folder: Path, command: str) -> OwnFile:
    """For Cline in VS Code; `folder` is where it keeps what the user wrote for it."""
    asking = command.removesuffix(OR_BLOCK).replace(" cline ", " cline-file ", 1)
    return OwnFile(str(folder / "Hooks" / "PreToolUse"), _HOOK % {"command": asking}, 0o700)
