"""What the app depends on, audited without a network: bounded, consistent, and under licences that are known."""

import re
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.sources import ROOT

# Free to use and to pass on. NVIDIA's are those of PyTorch's CUDA build, which a plain install on Linux brings.
KNOWN = re.compile(
    r"\b(MIT|MIT-CMU|BSD|0BSD|Apache|MPL|PSF|Python Software Foundation|ISC|HPND|Unlicense|zlib|CNRI)\b|NVIDIA", re.I
)
LICENCE_FILES = re.compile(r"licen[cs]e|copying|notice", re.I)


def requirements(file):
    """The requirements of a file, without those of the files that it names."""
    lines = [line.partition(" #")[0].strip() for line in (ROOT / file).read_text("utf-8").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def installed(file):
    """Every package that a file's requirements bring, with the requirements of each: name → (distribution, needs)."""
    found, waiting = {}, requirements(file)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:
            found[name] = None
            continue
        needs = [Requirement(text) for text in package.requires or ()]
        wanted = [
            need
            for need in needs
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras))
        ]
        found[name] = package, wanted
        waiting += wanted
    return found


def licence(package):
    """What a package says of its licence, in whichever of the places there are."""
    said = package.metadata
    words = [said["License-Expression"] or "", (said["License"] or "")[:2000], *(said.get_all("Classifier") or ())]
    files = [file for file in package.files or () if LICENCE_FILES.search(file.name)]
    return " ".join(words), files


def test_each_requirement_is_bounded_below():
    """By itself, or by what brings it along."""
    bounds = [need for entry in installed("requirements.txt").values() if entry for need in entry[1]]
    for file in ("requirements.txt", "requirements-ray.txt", "requirements-mlflow.txt", "requirements-by-hand.txt"):
        for requirement in requirements(file):
            name = canonicalize_name(requirement.name)
            own = [requirement, *(need for need in bounds if canonicalize_name(need.name) == name)]
            operators = {part.operator for need in own for part in need.specifier}
            assert operators & {">=", "==", "~="}, requirement


def test_what_is_installed_fits_together():
    """As `pip check` has it: every package is there, in a version that all of those that need it take."""
    packages = installed("requirements.txt")
    assert len(packages) > 30 and not [name for name, entry in packages.items() if entry is None]
    asked = [*requirements("requirements.txt"), *(need for _package, needs in packages.values() for need in needs)]
    for need in asked:
        version = packages[canonicalize_name(need.name)][0].version
        assert need.specifier.contains(version, prereleases=True), f"{need} is {version}"


def test_every_package_has_a_licence_that_is_known():
    for name, (package, _needs) in installed("requirements.txt").items():
        said, files = licence(package)
        assert KNOWN.search(said) or any(KNOWN.search(file.read_text("utf-8")[:3000]) for file in files), (
            name,
            said[:80],
        )


def test_nothing_comes_from_elsewhere():
    """No address, no local path and no other index stands among the requirements."""
    for path in ROOT.glob("requirements*.txt"):
        for line in path.read_text("utf-8").splitlines():
            assert " @ " not in line and "://" not in line
            assert not line.startswith("-") or re.fullmatch(r"-r requirements\S*\.txt", line)
