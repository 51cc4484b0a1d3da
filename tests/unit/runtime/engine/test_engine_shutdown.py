"""A loop that shuts down cancels everything at once; runs still end in good order."""

import asyncio

from tests.unit.runtime.engine.parts import Line, agents_with


def test_a_loop_that_shuts_down_still_ends_its_runs():
    line = Line()

    async def work(run, given):
        await asyncio.get_running_loop().create_future()

    async def main():
        task = asyncio.create_task(line.engine(agents_with(work=work)).execute("work"))
        while not line.events:
            await asyncio.sleep(0)
        return task

    assert asyncio.run(main()).cancelled()
    assert line.types() == ["agent_started", "agent_error"]
    assert line.end().payload["message"] == "The run was cancelled: the server is stopping."
