"""The compose file is held to its rules: pinned images, loopback ports, kept data, two listeners, no open door."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.local.servers import kafka_jars

INFRA = Path(__file__).parents[2] / "infra"
SERVERS = ("postgres", "redis", "kafka")
SERVICES = ("ingest", "processor", "admin")
KEYS, TOKENS = "a:0123456789abcdef", "ops:0123456789abcdef"
ONCE = {"kafka-init", "migrate"}
"""Those that end by themselves."""

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file, with every variable at its default."""
    text = (INFRA / "docker-compose.yml").read_text("utf-8")
    parsed: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(lambda match: match[2] or "", text))
    return parsed


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Its services by name."""
    found: dict[str, dict[str, Any]] = compose["services"]
    return found


def settings_of(service: dict[str, Any]) -> Settings:
    """What a container's environment means to our service in it; an empty variable is none, as everywhere."""
    names = {name.lower(): str(value) for name, value in service["environment"].items() if value}
    return load(*service["command"], _env_file=None, **names)


def test_servers_are_the_designs(services: dict[str, dict[str, Any]]) -> None:
    """Postgres 16, Redis 7 and the Kafka that `up` runs as well, the same for its topics."""
    images = {name: services[name]["image"] for name in (*SERVERS, "kafka-init")}
    kafka = f"apache/kafka:{kafka_jars.VERSION}"
    assert images == {"postgres": "postgres:16", "redis": "redis:7", "kafka": kafka, "kafka-init": kafka}


def test_images_are_pinned(services: dict[str, dict[str, Any]]) -> None:
    """No image moves under our feet."""
    for name, service in services.items():
        tag = service["image"].partition(":")[2]
        assert re.match(r"v?\d", tag), f"{name}: {service['image']}"


def test_servers_start_without_a_profile(services: dict[str, dict[str, Any]]) -> None:
    """`docker compose up` gives the servers; services and observability come by profile."""
    profiles = {name: service.get("profiles", []) for name, service in services.items()}
    assert [name for name, profile in profiles.items() if not profile] == [*SERVERS, "kafka-init"]
    assert {name for name, profile in profiles.items() if profile == ["app"]} == {"migrate", *SERVICES}
    assert {name for name, profile in profiles.items() if profile == ["observability"]} == {"prometheus", "grafana"}


def test_ports_are_published_on_loopback_only(services: dict[str, dict[str, Any]]) -> None:
    """No port is published beyond loopback."""
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert len(published) == 8
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in published)


@pytest.mark.parametrize(("name", "port"), [("postgres", 5432), ("redis", 6379), ("kafka", 9092)])
def test_servers_are_where_the_brief_has_them(services: dict[str, dict[str, Any]], name: str, port: int) -> None:
    """The servers' usual ports."""
    assert services[name]["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_services_listen_where_their_settings_say(services: dict[str, dict[str, Any]]) -> None:
    """The published port of each service is the default of its setting, inside and outside."""
    for name in SERVICES:
        port = Settings.model_fields[f"{name}_port"].default
        assert services[name]["ports"] == [f"127.0.0.1:{port}:{port}"]


@pytest.mark.parametrize(
    ("name", "folder"), [("postgres", "/var/lib/postgresql/data"), ("redis", "/data"), ("kafka", "/var/lib/kafka/data")]
)
def test_data_outlives_containers(compose: dict[str, Any], name: str, folder: str) -> None:
    """The data of all three servers lies in declared volumes, where each server really writes."""
    [volume] = [mount.split(":")[0] for mount in compose["services"][name]["volumes"] if mount.endswith(f":{folder}")]
    assert volume in compose["volumes"]
    if name == "kafka":
        assert compose["services"][name]["environment"]["KAFKA_LOG_DIRS"] == folder


def test_redis_keeps_and_never_evicts(services: dict[str, dict[str, Any]]) -> None:
    """Claims survive a restart and are never thrown out for room."""
    command = services["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_kafka_has_a_listener_for_each_side(services: dict[str, dict[str, Any]]) -> None:
    """Clients on the host are sent to localhost, containers to the broker's name, and each port is the listener's."""
    environment = services["kafka"]["environment"]
    listeners = dict(part.split("://") for part in environment["KAFKA_LISTENERS"].split(","))
    advertised = dict(part.split("://") for part in environment["KAFKA_ADVERTISED_LISTENERS"].split(","))
    assert advertised == {"HOST": "localhost:9092", "INTERNAL": "kafka:19092"}
    assert listeners == {"HOST": ":9092", "INTERNAL": ":19092", "CONTROLLER": ":9093"}
    protocols = environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    assert {part.split(":")[0] for part in protocols} == listeners.keys()
    assert environment["KAFKA_INTER_BROKER_LISTENER_NAME"] == "INTERNAL"
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_containers_use_the_internal_listener(services: dict[str, dict[str, Any]]) -> None:
    """Whatever runs in a container asks the broker by the name under which it will be sent back."""
    assert services["kafka-init"]["environment"]["BOOTSTRAP_SERVER"] == "kafka:19092"
    for name in SERVICES:
        assert services[name]["environment"]["KAFKA_BROKERS"] == "kafka:19092"


def test_everything_that_stays_has_a_health_check(services: dict[str, dict[str, Any]]) -> None:
    """Each lasting container has a health check, and is restarted when it exits."""
    for name, service in services.items():
        if name in ONCE:
            assert service["restart"] == "on-failure"
        else:
            assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}, name
            assert service["restart"] == "unless-stopped"


def test_start_waits_for_what_it_needs(services: dict[str, dict[str, Any]]) -> None:
    """Nothing starts before the servers are healthy, the topics are made and the schema is there."""
    needs = {
        name: {other: how["condition"] for other, how in service.get("depends_on", {}).items()}
        for name, service in services.items()
        if name not in {"prometheus", "grafana"}
    }
    done, healthy = "service_completed_successfully", "service_healthy"
    assert needs["kafka-init"] == {"kafka": healthy}
    assert needs["migrate"] == {"postgres": healthy}
    assert needs["ingest"] == {"redis": healthy, "kafka-init": done}
    assert needs["processor"] == needs["admin"] == {"migrate": done, "kafka-init": done}


def test_names_in_the_environment_are_settings(services: dict[str, dict[str, Any]]) -> None:
    """A typing error in a setting's name would be ignored silently, so none may be there."""
    known = {name.upper() for name in Settings.model_fields}
    for name in (*SERVICES, "migrate"):
        assert services[name]["environment"].keys() <= known


def test_defaults_are_the_settings_own(services: dict[str, dict[str, Any]]) -> None:
    """What the file gives as a default is the default that the services have without it."""
    own = load(_env_file=None)
    there = load(_env_file=None, **{n.lower(): str(v) for n, v in services["migrate"]["environment"].items() if v})
    for name in ("rate_limit_per_min", "idempotency_ttl_seconds", "max_event_bytes", "retention_days", "rate_limits"):
        assert getattr(there, name) == getattr(own, name)


@pytest.mark.parametrize(("name", "missing"), [("ingest", "API_KEYS"), ("admin", "ADMIN_TOKENS")])
def test_no_service_opens_without_keys(services: dict[str, dict[str, Any]], name: str, missing: str) -> None:
    """No key or token is given by default, and without one the service refuses to start and names it."""
    others = {"API_KEYS": KEYS, "ADMIN_TOKENS": TOKENS}
    del others[missing]
    with pytest.raises(ConfigurationError, match=f"^{name.upper()}_HOST=.* {missing}.* must be given$"):
        settings_of(services[name] | {"environment": services[name]["environment"] | others})


def test_no_service_opens_with_the_documented_keys(services: dict[str, dict[str, Any]]) -> None:
    """Keys that everybody knows, and tokens that can be guessed, are none."""
    ingest = services["ingest"]["environment"] | {"API_KEYS": "tenant_a:key_a"}
    with pytest.raises(ConfigurationError, match="the API key of tenant_a is in the documentation"):
        settings_of(services["ingest"] | {"environment": ingest}).key_pairs()
    admin = services["admin"]["environment"] | {"ADMIN_TOKENS": "ops:secret"}
    with pytest.raises(ConfigurationError, match="the admin token of ops is shorter"):
        settings_of(services["admin"] | {"environment": admin}).named_tokens()


def test_secrets_go_only_where_they_are_needed(services: dict[str, dict[str, Any]]) -> None:
    """Producers' keys to ingest, operators' tokens to the admin API."""
    for name, secret in (("ingest", "API_KEYS"), ("admin", "ADMIN_TOKENS")):
        assert [each for each, service in services.items() if secret in service.get("environment", {})] == [name]


def test_admin_finds_the_services(services: dict[str, dict[str, Any]]) -> None:
    """The admin API asks for the health of the others under their names, which the host does not know."""
    admin = services["admin"]
    settings = settings_of(admin | {"environment": admin["environment"] | {"ADMIN_TOKENS": TOKENS}})
    addresses = (settings.ingest_address, settings.processor_address)
    assert addresses == ("http://ingest:8080", "http://processor:8082")
    for name, address in zip(("ingest", "processor"), addresses, strict=True):
        assert address.endswith(f":{Settings.model_fields[f'{name}_port'].default}")


def test_services_start_with_keys(services: dict[str, dict[str, Any]]) -> None:
    """With keys and tokens given where they are needed, every service's environment is accepted."""
    given: dict[str, dict[str, str]] = {"ingest": {"API_KEYS": KEYS}, "admin": {"ADMIN_TOKENS": TOKENS}}
    found = {
        name: settings_of(services[name] | {"environment": services[name]["environment"] | given.get(name, {})})
        for name in (*SERVICES, "migrate")
    }
    assert found["ingest"].key_pairs() == (("a", "0123456789abcdef"),)
    assert found["admin"].named_tokens() == {"ops": "0123456789abcdef"}


def test_services_have_no_rights_to_lose(services: dict[str, dict[str, Any]]) -> None:
    """Our containers have a read-only file system and no capabilities."""
    for name in (*SERVICES, "migrate"):
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]


def test_mounted_files_exist(services: dict[str, dict[str, Any]]) -> None:
    """A mount of what is not there would become an empty folder; and what is mounted stays unchanged."""
    mounts = [mount for service in services.values() for mount in service.get("volumes", []) if mount.startswith(".")]
    assert mounts
    for mount in mounts:
        source, _, mode = mount.split(":")
        assert (INFRA / source).exists(), source
        assert mode == "ro"
