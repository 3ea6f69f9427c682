"""What `deploy/` names exists: files, options of Streamlit, routes, and one port and one folder throughout."""

import configparser
import re
import tomllib

import pytest
from streamlit import config

from cnnviz.ui.server import COOKIE, routes
from tests.project.sources import ROOT

DEPLOY = ROOT / "deploy"
TEXTS = {path.name: path.read_text("utf-8") for path in DEPLOY.iterdir()}


def instructions():
    """The Dockerfile's instructions, (name, arguments), continued lines joined."""
    text = re.sub(r"\\\n\s*", "", TEXTS["Dockerfile"])
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def unit():
    """The systemd unit's sections."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string(TEXTS["cnnviz.service"])
    return parser


def test_what_the_image_copies_is_there_and_nothing_that_the_app_needs_is_left_out():
    named = [name for name, _rest in instructions()]
    assert named[:2] == ["ARG", "FROM"] and named[-1] == "CMD" and set(named) <= {
        "FROM", "ARG", "ENV", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD",
    }  # fmt: skip
    copied = [source for name, rest in instructions() if name == "COPY" for source in rest.split()[:-1]]
    assert not [source for source in copied if not (ROOT / source).exists()]
    assert {"app.py", "pages", "cnnviz", "assets", ".streamlit", "requirements.txt"} <= set(copied)
    assert named.index("USER") < named.index("CMD"), "nothing runs as root"
    base = instructions()[0][1].partition("=")[2]
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", base), "the minor version and the system's release are fixed"


@pytest.mark.parametrize("name", TEXTS)
def test_options_and_routes_that_are_named_exist(name):
    known = set(config.get_config_options())
    assert set(re.findall(r"--([a-z]+\.[A-Za-z]+)", TEXTS[name])) <= known
    served = {route.path for route in routes() if hasattr(route, "path")}
    named = set(re.findall(r"(?<![\w.])/app/[a-z]+", TEXTS[name])) & {"/app/health", "/app/ready", "/app/metrics"}
    assert named <= served
    ports = set(re.findall(r"\b8\d{3}\b(?!\.)", TEXTS[name].replace("LimitNOFILE=8192", "")))
    assert ports <= {"8501"}


def test_the_composition_is_bounded_and_points_at_this_dockerfile():
    text = TEXTS["compose.yaml"]
    assert "\t" not in text and all((len(line) - len(line.lstrip())) % 2 == 0 for line in text.splitlines())
    values = dict(re.findall(r"^ +(\w+): *(\S.*)$", text, re.M))
    assert (DEPLOY / values["context"] / values["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    assert values["read_only"] == "true" and values["cap_drop"] == "[ALL]"
    assert values["mem_limit"] and values["pids_limit"]
    home = next(rest for name, rest in instructions() if name == "ENV" and rest.startswith("CNNVIZ_HOME"))
    assert f"- runs:{home.partition('=')[2]}\n" in text and "\nvolumes:\n  runs:" in text
    arguments = {rest.partition("=")[0] for name, rest in instructions() if name == "ARG"}
    assert set(re.findall(r"(\w+): ", text.partition("args:")[2].partition("ports:")[0])) <= arguments


def settings_of(text):
    """What a composition passes on: name → its default."""
    return dict(re.findall(r"^ +([A-Z_]+): \$\{\w+:-([^}]*)\}", text, re.M))


def test_the_composition_with_gpus_reserves_them_and_passes_on_what_a_cluster_reads():
    text = re.sub(r" *#.*", "", TEXTS["compose.gpu.yaml"])
    assert "\t" not in text and all((len(line) - len(line.lstrip())) % 2 == 0 for line in text.splitlines())
    services = [re.findall(r"^  (\w+):$", TEXTS[name], re.M)[0] for name in ("compose.yaml", "compose.gpu.yaml")]
    assert services == ["cnnviz", "cnnviz"], "it adds to the same service"
    args = dict(re.findall(r"^ {8}(\w+): (\S+)$", text, re.M))
    assert set(args) <= {rest.partition("=")[0] for name, rest in instructions() if name == "ARG"}
    copied = next(rest for name, rest in instructions() if name == "COPY").split()
    assert args["REQUIREMENTS"] in copied and (ROOT / args["REQUIREMENTS"]).exists()
    assert re.search(r"reservations:\s+devices:\s+- driver: nvidia\s+count: all\s+capabilities: \[gpu\]", text)
    passed = settings_of(text)
    assert passed["CNNVIZ_EXECUTOR"] == "ray"
    assert passed["CNNVIZ_SLOTS"] == "", "as many as the cluster has room for, not the one of a machine without GPUs"
    source = "".join(path.read_text("utf-8") for path in (ROOT / "cnnviz" / "training").glob("*.py"))
    read = set(re.findall(r"CNNVIZ_(?:RAY_[A-Z]+|PROCESSES|EXECUTOR|SLOTS)", source))
    assert {name for name in passed if name.startswith("CNNVIZ_")} == read
    for loosened in ("privileged", "cap_add", "read_only", "user:", "security_opt", "network_mode", "ports"):
        assert loosened not in text


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith("compose")])
def test_what_a_composition_passes_on_is_documented(name):
    documented = (ROOT / "docs" / "deployment.md").read_text("utf-8")
    passed = [setting for setting in settings_of(TEXTS[name]) if setting.startswith(("CNNVIZ_", "RAY_"))]
    assert passed and [setting for setting in passed if f"`{setting}" not in documented] == []


def test_the_unit_starts_this_app_with_bounds():
    service = unit()["Service"]
    assert service["ExecStart"].split()[1:3] == ["run", "app.py"] and (ROOT / "app.py").exists()
    assert service["ExecStart"].startswith(service["WorkingDirectory"])
    assert f"/var/lib/{service['StateDirectory']} " in service["Environment"] + " "
    assert service["Environment"].startswith(f"HOME=/var/lib/{service['StateDirectory']} "), "Streamlit looks there"
    assert "AF_NETLINK" in service["RestrictAddressFamilies"], "the class page shows this machine's addresses"
    for key in ("NoNewPrivileges", "ProtectSystem", "MemoryMax", "TasksMax", "LimitNOFILE"):
        assert service[key]


def test_the_proxy_lets_websockets_through_and_keeps_a_browser_with_its_server():
    text = re.sub(r"#.*", "", TEXTS["nginx.conf"])
    assert text.count("{") == text.count("}") > 3
    statements = [part.strip() for part in re.split(r"[;{}]", text) if part.strip()]
    assert "ip_hash" in statements and any(part.startswith("proxy_set_header Upgrade") for part in statements)
    assert "proxy_set_header Host $http_host" in statements, "a redirect keeps the port"
    assert f"$cookie_{COOKIE} " in TEXTS["nginx.conf"]
    largest = int(re.search(r"client_max_body_size (\d+)m", text)[1])
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert largest > settings["server"]["maxUploadSize"], "the app's own refusal comes first"
