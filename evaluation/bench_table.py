"""The table of the bench, as Markdown that also reads well on a terminal."""

from collections.abc import Iterator

from evaluation.bench_measured import Handled, Measured


def table(measured: Measured) -> str:
    return "\n".join(
        (
            *rows(("What", "Measured", "Aim"), _headline(measured)),
            "",
            *rows(("Processor time by process", "ms per mail", "share"), _processor(measured)),
            "",
            *rows(
                ("Stage (from the workers' logs)", "rows", "ms per row", "of the run's time"), _stages(measured.handled)
            ),
            "",
            *rows(("Gmail method", "units", "per mail"), _units(measured.handled)),
            "",
            *rows(("Process", "there after", "MB at rest", "MB at its peak"), _processes(measured)),
        )
    )


def _headline(measured: Measured) -> Iterator[tuple[str, ...]]:
    handled = measured.handled
    ended = handled.ended
    yield "mails, all handled", f"{handled.mails} in {handled.seconds:.1f} s", ""
    yield "answered / held / ignored", f"{ended.answered} / {ended.held} / {ended.ignored}", ""
    yield "throughput, mailbox to sent reply", f"{handled.mails_per_second:.1f} mails/s", ""
    for arrangement in measured.model[0]:
        before, after = (speeds[arrangement].mails_per_second for speeds in measured.model)
        yield f"bare model, {arrangement}", f"{before:.1f} before, {after:.1f} after, mails/s", ""
    yield "bare model, the faster, mean", f"{measured.model_mails_per_second:.1f} mails/s", ""
    yield "ratio", f"{measured.ratio:.2f}", "≥ 0.5"
    yield "ratio by processor time", f"{measured.ratio_of_cpu:.2f}", ""
    yield "units per answered mail (its own way)", f"{handled.units_per_answer:.1f}", "≤ 145"
    yield "units in all / answered", f"{handled.units_in_all / max(ended.answered, 1):.1f}", ""
    yield f"units per idle poll (of {measured.idle_polls})", f"{measured.units_per_idle_poll:.1f}", "2"
    yield "web answers after", f"{measured.web.started.seconds:.2f} s", "< 2 s"
    loaded = ", ".join(measured.web.model_libraries) or "none"
    yield "model libraries in web's memory", loaded, "none"


def _processor(measured: Measured) -> Iterator[tuple[str, ...]]:
    handled = measured.handled
    for name, seconds in sorted(handled.cpu.items(), key=lambda item: -item[1]):
        yield name, f"{1000 * seconds / handled.mails:.2f}", f"{seconds / sum(handled.cpu.values()):.0%}"
    total = sum(handled.cpu.values())
    yield "together", f"{1000 * total / handled.mails:.2f}", f"{total / handled.seconds:.2f} cores"
    yield "beside it: the bare model", f"{1000 * measured.model_cpu_per_mail:.2f}", ""


def _stages(handled: Handled) -> Iterator[tuple[str, ...]]:
    for kind, stage in handled.stages.items():
        each = 1000 * stage.seconds / max(stage.rows, 1)
        yield kind, f"{stage.rows}", f"{each:.2f}", f"{stage.seconds / handled.seconds:.0%}"


def _units(handled: Handled) -> Iterator[tuple[str, ...]]:
    for method, units in sorted(handled.units.items(), key=lambda item: -item[1]):
        yield method, f"{units}", f"{units / handled.mails:.2f}"
    yield "in all", f"{handled.units_in_all}", f"{handled.units_in_all / handled.mails:.2f}"


def _processes(measured: Measured) -> Iterator[tuple[str, ...]]:
    web = measured.web.started
    yield "web", f"{web.seconds:.2f} s", f"{web.memory.now:.0f}", f"{web.memory.peak:.0f}"
    for name, started in measured.started.items():
        peak = measured.peaks[name].peak
        yield name, f"{started.seconds:.2f} s", f"{started.memory.now:.0f}", f"{peak:.0f}"
    for name in [name for name in measured.peaks if name not in measured.started]:
        yield name, "", "", f"{measured.peaks[name].peak:.0f}"


def rows(heading: tuple[str, ...], body: Iterator[tuple[str, ...]]) -> list[str]:
    """The lines of one table, its columns as wide as they must be."""
    lines = [heading, *body]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heading))]
    rule = tuple("-" * width for width in widths)
    return [f"| {' | '.join(_padded(line, widths))} |" for line in (heading, rule, *lines[1:])]


def _padded(line: tuple[str, ...], widths: list[int]) -> list[str]:
    return [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
