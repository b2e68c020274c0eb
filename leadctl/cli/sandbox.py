"""`leadctl sandbox`: the providers' simulators on this machine."""

from __future__ import annotations

import math
import shlex
from tempfile import TemporaryDirectory
from typing import Annotated

from leadctl.cli.app import app
from leadctl.cli.output import echo, say
from leadctl.cli.parameters import Section, option
from leadctl.model.errors import UsageError
from leadctl.model.wording import nearest


@app.command("sandbox", rich_help_panel=Section.SET_UP)
def serve(
    port: Annotated[
        int,
        option(
            "--port N",
            "Port on 127.0.0.1; 0 for any; default: 8765.",
            min=0,
            max=65_535,
        ),
    ] = 8765,
    fault: Annotated[
        list[str] | None,
        option(
            "--fault PROVIDER:KIND[:KEY=VALUE,...]",
            "A fault, e.g. voiso:lose:skip=1; repeatable.",
        ),
    ] = None,
) -> None:
    """Serve local simulators of all six providers.

    Prints the variables that point leadctl at them and at a temporary ledger.
    Press Ctrl-C to stop. Nothing leaves this machine, and nothing is kept.

    Example: leadctl sandbox --fault voiso:throttle:retry_after=2
    """
    from leadctl import api
    from leadctl.cli.process import stop_on_signal
    from leadctl.model.clock import CancellationToken

    sandbox = api.sandbox()
    simulators = {name: make() for name, make in sandbox.SIMULATORS.items()}
    for text in fault or ():
        name, _, rest = text.partition(":")
        if name not in simulators:
            near = nearest(name, simulators)
            raise UsageError(f"--fault {text!r}: no simulator of {name!r}{near}")
        try:
            simulators[name].faults.add(sandbox.fault_from_text(rest))
        except sandbox.UnknownName as error:
            near = nearest(error.name, error.choices)
            raise UsageError(f"--fault {text!r}: {error}{near}") from error
        except ValueError as error:
            raise UsageError(f"--fault {text!r}: {error}") from error
    stop = CancellationToken()
    try:
        with (
            stop_on_signal(stop),
            stop.heeded(),
            sandbox.serve(simulators.values(), port) as served,
            # In the user's own ledger, leads would count as delivered for good.
            TemporaryDirectory(
                prefix="leadctl-sandbox-", ignore_cleanup_errors=True
            ) as folder,
        ):
            ledger = shlex.quote(f"{folder}/ledger.sqlite")
            echo(f"export LEADCTL_LEDGER={ledger}")
            echo(f"# control: {served.control_url('PROVIDER')}")
            for name, simulator in simulators.items():
                for variable, value in served.environment(name).items():
                    echo(f"export {variable}={value}")
                campaigns = ", ".join(simulator.campaigns)
                echo(f"# {name}: campaigns {campaigns}")
            say(f"serving on {served.url}; Ctrl-C ends it")
            stop.sleep(math.inf)
    except OSError as error:
        raise UsageError(
            f"cannot use port {port}: {error.strerror}",
            hint="choose another port with --port",
        ) from error
