"""python -m webhook_core …"""

from webhook_core.operations.cli import cli

if __name__ == "__main__":
    cli(prog_name="python -m webhook_core")
