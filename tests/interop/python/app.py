"""The application of tests/interop/suite.ts in Python, for releases from 2.0 on."""

import inspect
import json
import os
import sys
import uuid
from importlib.metadata import version
from typing import Any, Optional

from dbos import DBOS, DBOSConfiguredInstance, Queue, SetWorkflowID


class CustomError(Exception):
    """What the workflow `fail` throws."""

    def __init__(self, message: str, code: Any = None, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


@DBOS.dbos_class()
class Greeter:
    # Older releases find static methods only by name, without the class.
    @classmethod
    @DBOS.workflow(name="greet")
    def greet(cls, name: str) -> str:
        return f"Hello, {name}"


@DBOS.dbos_class()
class Speaker(DBOSConfiguredInstance):
    @DBOS.workflow(name="speak")
    def speak(self, name: str) -> str:
        return f"{self.config_name}: {name}"


@DBOS.workflow(name="echo")
def echo(*args: Any) -> Any:
    return list(args)


@DBOS.workflow(name="echoOne")
def echo_one(value: Any) -> Any:
    return value


@DBOS.workflow(name="echoNamed")
def echo_named(first: Any, *, second: Any, **others: Any) -> Any:
    return {"first": first, "second": second, "others": others}


@DBOS.workflow(name="fail")
def fail(message: str, code: Any = None, data: Any = None) -> None:
    raise CustomError(message, code, data)


@DBOS.workflow(name="waitForMessage")
def wait_for_message(topic: Optional[str] = None, timeout_seconds: float = 60) -> Any:
    return DBOS.recv(topic, timeout_seconds)


@DBOS.workflow(name="collect")
def collect(count: int, topic: Optional[str] = None) -> Any:
    return [DBOS.recv(topic, 60) for _ in range(count)]


@DBOS.workflow(name="publish")
def publish(key: str, value: Any) -> Any:
    DBOS.set_event(key, value)
    return value


@DBOS.workflow(name="writeNumbers")
def write_numbers(key: str, count: int) -> None:
    for number in range(count):
        DBOS.write_stream(key, number)
    DBOS.close_stream(key)


@DBOS.workflow(name="whoAmI")
def who_am_i() -> Any:
    return {
        "user": DBOS.authenticated_user,
        "roles": DBOS.authenticated_roles,
        "workflowID": DBOS.workflow_id,
    }


@DBOS.step()
def first() -> str:
    return str(uuid.uuid4())


@DBOS.step()
def second() -> str:
    return str(uuid.uuid4())


@DBOS.workflow(name="takeSteps")
def take_steps() -> Any:
    """Its steps return different values each time they run."""
    return {"first": first(), "message": DBOS.recv("steps", 60), "second": second()}


children = {
    "echoOne": echo_one,
    "fail": fail,
    "publish": publish,
    "writeNumbers": write_numbers,
}


@DBOS.workflow(name="runChild")
def run_child(name: str, *args: Any) -> Any:
    with SetWorkflowID(f"{DBOS.workflow_id}-child"):
        child = DBOS.start_workflow(children[name], *args)
    return child.get_result()


def make_queues(make: Any) -> None:
    """Before 3.0 the limits have other names, and not all releases have all of them."""
    known = inspect.signature(make).parameters
    limits: dict[str, dict[str, Any]] = {
        "tasks": {},
        "single": {"concurrency": 1, "worker_concurrency": 1},
        "prioritized": {"concurrency": 1, "priority_enabled": True},
        "partitioned": {"concurrency": 1, "partition_queue": True},
    }
    if "partition_concurrency" in known:
        limits["single"] = {"global_concurrency": 1, "worker_concurrency": 1}
        limits["prioritized"] = {"global_concurrency": 1}
        limits["partitioned"] = {"partition_concurrency": 1}
    for name, options in limits.items():
        options["polling_interval_sec"] = 0.05
        make(name, **{key: value for key, value in options.items() if key in known})


def main() -> None:
    options: dict[str, Any] = {}
    if "SERIALIZER" in os.environ:
        # Not all releases can have one.
        from base64_json import Base64Json

        options["serializer"] = Base64Json()
    DBOS(
        config={
            **options,
            "name": "test-app",
            "application_version": "test-1",
            "log_level": "ERROR",
            "notification_listener_polling_interval_sec": 0.1,
            "run_admin_server": False,
            "scheduler_polling_interval_sec": 0.2,
            "system_database_url": sys.argv[1],
        }
    )
    Speaker("french")
    # Before 2.20 queues are declared before the launch, and not registered after it.
    register_queue = getattr(DBOS, "register_queue", None)
    if not register_queue:
        make_queues(Queue)
    DBOS.launch()
    if register_queue:
        make_queues(register_queue)
    if "OWN_SCHEDULE" in os.environ:
        DBOS.create_schedule(
            schedule_name="own", workflow_fn=echo, schedule="* * * * * *", context={"own": True}
        )
    print(json.dumps({"sdk": f"dbos {version('dbos')}"}), flush=True)
    # The parent process holds the other end, so this process also ends if the parent is killed.
    sys.stdin.read()
    # Does not wait for workflows, such as cancelled ones that are still running.
    os._exit(0)


main()
