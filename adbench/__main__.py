"""The command `adbench`, and `python -m adbench`."""

from adbench.cli import main

if __name__ == "__main__":
    main()
