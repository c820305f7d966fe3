"""`companion-hook`, and what agents run by its absolute path: `python -I -S hook.py AGENT WHERE`.

Only a start: the client lies beside it, because Python keeps what it compiles of an import and not of a script.
"""

import sys


def main() -> None:
    """Ends the process: with 0 where the call may go on, with 2 in every other case."""
    from companion.cli.hook_client import main as ask  # noqa: PLC0415 - not needed where this is run as a script

    ask()


if __name__ == "__main__":
    try:
        sys.path.insert(0, __file__.replace("\\", "/").rpartition("/")[0])
        import hook_client  # type: ignore[import-not-found]

        hook_client.main()
    except BaseException:  # noqa: BLE001 - whatever it was, it is no yes
        sys.exit(2)
