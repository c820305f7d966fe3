"""`companion completion`: shell completion, printed for the shell to read."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from companion.cli.shared import Exit, end


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    bash:  eval "$(companion completion bash)"          in ~/.bashrc
    zsh:   eval "$(companion completion zsh)"           in ~/.zshrc
    fish:  companion completion fish > ~/.config/fish/completions/companion.fish
    """  # noqa: D301 - click looks for the character itself
    from companion.cli.main import main  # noqa: PLC0415 - main loads this module

    kind = get_completion_class(shell)
    if kind is None:
        end(f"no completion for {shell}", "companion completion --help", Exit.USAGE)
    click.echo(kind(main, {}, "companion", "_COMPANION_COMPLETE").source())
