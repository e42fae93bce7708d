"""The backends of this package, one entry a staging; a framework is not imported by this."""

from adbench.extend import Entry

DUAL = (
    Entry(
        "dual:numbers",
        "adbench_plugin.dual:Numbers",
        requires="adbench_plugin",
        distribution="adbench-plugin",
        only_forward=True,
    ),
)
