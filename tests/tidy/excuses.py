"""Every exception from the house rules, with its reason. Pure table.

An exception that is no longer needed is a failure as well: tests/test_tidy.py.
"""

from __future__ import annotations

from collections.abc import Mapping

# file → why it may be longer than a reader likes
LONG: Mapping[str, str] = {
    "gateway/store/migrations/versions/0001_the_first_schema.py": "generated: one call per table",
}

# file → why a number that is not money may be a float there
_SECONDS = "seconds of the monotonic clock"
FLOATS: Mapping[str, str] = {
    "gateway/delivery/webhooks.py": _SECONDS,
    "gateway/intake/releasing.py": _SECONDS,
    "gateway/relay/context.py": _SECONDS,
    "gateway/relay/enquirer.py": _SECONDS,
    "gateway/relay/pace.py": _SECONDS,
    "gateway/relay/plan.py": _SECONDS,
    "gateway/relay/queries.py": _SECONDS,
    "gateway/relay/sender.py": _SECONDS,
    "gateway/relay/timing.py": _SECONDS,
    "gateway/relay/told.py": _SECONDS,
    "gateway/relay/shares.py": _SECONDS,
    "gateway/statements/noticing.py": _SECONDS,
    "gateway/statements/refunds.py": _SECONDS,
    "gateway/statements/sharing.py": _SECONDS,
    "gateway/store/committed.py": _SECONDS,
    "gateway/store/away.py": _SECONDS,
    "gateway/store/hearing.py": _SECONDS,
    "gateway/store/lease.py": _SECONDS,
    "gateway/store/store.py": _SECONDS,
    "gateway/sandbox/admin.py": "chances of faults",
    "gateway/sandbox/bank.py": _SECONDS,
    "gateway/sandbox/exchange.py": _SECONDS,
    "gateway/sandbox/faults.py": "chances of faults, and seconds they last",
    "gateway/sandbox/options.py": _SECONDS,
    "gateway/wire/libxml.py": "XPath counts elements in floats",
    "gateway/sandbox/rules.py": "chances of a bank's answer",
}

# file → why a word that mostly says nothing is right there
NAMES: Mapping[str, str] = {
    "gateway/simulation/scheduler.py": "a Process is one of the operating system's, simulated",
}

# file → (what it may import, why), beside runtime.py, simulation and transport
OUTSIDE: Mapping[str, tuple[set[str], str]] = {
    "gateway/cli/api_client.py": (
        {"secrets", "time"},
        "stands for an ERP: it signs by its own machine's clock, which no shared clock moves",
    ),
    "gateway/cli/audit_walks.py": (
        {"concurrent", "multiprocessing"},
        "the verifier reads a trail on all cores; no gateway runs in that process",
    ),
    "gateway/cli/bench_queries.py": (
        {"asyncio", "time"},
        "stands for ERPs and for a bank, each in a process of its own",
    ),
    "gateway/cli/bench_told.py": (
        {"asyncio", "random", "time"},
        "stands for a bank, an ERP and a poller, each in a process of its own, in real time",
    ),
    "gateway/cli/campaign_erp.py": ({"threading", "time"}, "stands for ERPs that call at once"),
    "gateway/cli/campaign_orders.py": ({"random"}, "draws from a seed what ERPs ask for"),
    "gateway/cli/campaign_run.py": ({"time"}, "waits for processes in real time"),
    "gateway/cli/campaign_storm.py": (
        {"random", "threading", "time"},
        "shoots processes at drawn moments while everything else goes on",
    ),
    "gateway/cli/children.py": ({"threading", "time"}, "listens to child processes, in time"),
    "gateway/observe/library.py": (
        {"threading"},
        "what ends a thread is told as a line, where the interpreter would print a traceback",
    ),
    "gateway/observe/log.py": (
        {"time"},
        "a line's time is the machine's, even where business time is simulated",
    ),
    "gateway/observe/meter.py": (
        {"threading"},
        "the event loop and the writer's thread count into the same numbers",
    ),
    "gateway/observe/writer.py": (
        {"threading"},
        "lines are written by a thread of their own, which no task of the gateway waits for",
    ),
    "gateway/cli/load.py": (
        {"asyncio", "secrets", "time"},
        "stands for many ERPs in a process of its own and shares nothing with what it measures",
    ),
}

# file → why it may catch everything without raising it again
BROAD: Mapping[str, str] = {}

# file → which public standard it reads that has words a bank's language took over
OPEN_WORDS: Mapping[str, str] = {
    "gateway/formats/read/ofx.py": "OFX, from which a bank's language has its element names",
    "gateway/formats/read/ofx_entry.py": "OFX, from which a bank's language has its element names",
}
