"""The command line.

A file for each command, imported when it is asked for, and what a command needs when it runs.
"""

from adbench.cli.group import main as main
