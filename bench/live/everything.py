"""`patrol` with a web process that sends every device, however many are in view: more than the server would send."""

from patrol.cli import cli
from web.live.frames import detail

detail.DOTS_MAX = 1_000_000

if __name__ == "__main__":
    cli.main()
