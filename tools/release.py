"""Make a release: check that version, changelog and tag agree, build everything twice, and compare the bytes.

    python tools/release.py [--tag] [--no-kit] [-- OPTIONS OF fieldapp kit]

``make release`` runs it, and ``docs/release.md`` describes the result. Nothing is pushed or published.
"""

import argparse
import hashlib
import importlib.metadata
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from fieldapp.kit import assemble
from fieldapp.kit.wheel import NAME

ROOT = Path(__file__).parents[1]
LICENSES = {"click-default-group": "BSD-3-Clause", "pyrage": "MIT", "sqlcipher3": "Zlib"}
"""Licences of packages whose metadata names none, from the licence file in the wheel"""


@dataclass(frozen=True)
class Release:
    """What is released, and from where."""

    version: str
    commit: str
    moment: int
    """time of the commit in seconds: the time of everything that is built"""

    @property
    def tag(self) -> str:
        return f"v{self.version}"


# what must agree ----------------------------------------------------------------------------------------------------


def git(*arguments: str, check: bool = True) -> str:
    """What git prints."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=check)
    return done.stdout.strip()


def version_of(source: str) -> str:
    """The version that ``fieldapp/__init__.py`` states."""
    found = re.search(r'(?m)^__version__ = "(\d+\.\d+\.\d+)"$', source)
    if found is None:
        sys.exit("fieldapp/__init__.py states no version of the form 1.2.3.")
    return found[1]


def disagreements(version: str, changelog: str, tagged: str, head: str) -> list[str]:
    """The reasons why a version cannot be released, as sentences; ``tagged`` is empty where there is no tag yet."""
    found = []
    parts = re.split(r"(?m)^## ", changelog)
    headings = [part.partition("\n")[0] for part in parts[1:]]
    if headings[:1] != ["[Unreleased]"] or parts[1].partition("\n")[2].strip():
        found.append("CHANGELOG.md does not begin with an empty section `## [Unreleased]`: move its entries down.")
    if not re.fullmatch(rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d", headings[1] if headings[1:] else ""):
        found.append(
            f"The first section below it is not `## [{version}] - YYYY-MM-DD`, the version in fieldapp/__init__.py."
        )
    if tagged and tagged != head:
        found.append(f"The tag v{version} is on another commit ({tagged[:12]}): raise the version.")
    return found


def checked(*, to_tag: bool) -> Release:
    """The release of this checkout; exits with what is missing."""
    version = version_of((ROOT / "fieldapp" / "__init__.py").read_text(encoding="utf-8"))
    head = git("rev-parse", "HEAD")
    release = Release(version, head, int(git("log", "-1", "--format=%ct", head)))
    tagged = git("rev-parse", "--quiet", "--verify", f"refs/tags/{release.tag}^{{commit}}", check=False)
    found = disagreements(version, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), tagged, head)
    if git("status", "--porcelain"):
        found.append("There are changes that are not committed: a release is made of a commit.")
    if not tagged and not to_tag:
        found.append(f"There is no tag {release.tag}: `git tag -a {release.tag}`, or RELEASE=--tag.")
    if found:
        sys.exit("\n".join(found))
    return release


# building -----------------------------------------------------------------------------------------------------------


def export(commit: str, folder: Path) -> None:
    """Put the files of a commit into a folder: nothing else of the checkout gets into the release."""
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")


def call(source: Path, moment: int, *arguments: str | Path) -> None:
    """Run a module in the exported sources; hatchling gives everything the time ``SOURCE_DATE_EPOCH``."""
    more = {"SOURCE_DATE_EPOCH": str(moment), "PYTHONPATH": str(source), "FIELDAPP_LANG": "en"}
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=source, env={**os.environ, **more}, check=False)
    if done.returncode:
        sys.exit(f"`{' '.join(map(str, arguments))}` failed.")


def build(release: Release, source: Path, out: Path, kit_options: Sequence[str] | None) -> None:
    """Build everything from exported sources into ``out``; ``kit_options`` is None where no kit is wanted."""
    call(source, release.moment, "build", "--no-isolation", "--outdir", out, source)  # the wheel comes out of the sdist
    wheel = next(out.glob("*.whl"))
    materials = sbom(release, wheel, source)
    (out / f"{NAME}-{release.version}.cdx.json").write_text(materials, encoding="utf-8", newline="\n")
    if kit_options is not None:
        if not {"--python-installer", "linux"} & {*kit_options}:
            kit_options = ["--no-python", *kit_options]
        call(source, release.moment, "fieldapp", "kit", out, "--unsigned", *kit_options)
        check_kit(next(out.glob(f"{NAME}-kit-*")), wheel, materials)


def check_kit(kit: Path, wheel: Path, materials: str) -> None:
    """Exit if a kit holds another wheel of the program, or a package that the bill of materials does not list."""
    if (kit / "wheels" / wheel.name).read_bytes() != wheel.read_bytes():
        sys.exit("The kit carries another wheel of the program than the release.")
    listed = set(re.findall(r'"pkg:pypi/([^"]+)"', materials))
    for path in (kit / "requirements").iterdir():
        carried = re.findall(r"(?m)^(\S+)==(\S+) ", path.read_text(encoding="utf-8"))
        if unlisted := {f"{name}@{version}" for name, version in carried} - listed:
            sys.exit(f"{path.name}: the bill of materials does not list {', '.join(sorted(unlisted))}.")


def sums(folder: Path) -> dict[str, str]:
    """Path -> SHA-256 of all that was built; for a kit that of its list, which has the SHA-256 of every file."""
    built = sorted([*(p for p in folder.iterdir() if p.is_file()), *folder.glob(f"{NAME}-kit-*/SHA256SUMS")])
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in built}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# bill of materials ----------------------------------------------------------------------------------------------------


def sbom(release: Release, wheel: Path, source: Path) -> str:
    """The CycloneDX document of all that a kit installs on any of its targets, in the pinned versions."""
    pins = assemble.pinned((source / "constraints.txt").read_text(encoding="utf-8"))
    known = {NAME: assemble.requirements(wheel)}
    edges: dict[str, set[str]] = {}
    needed_on: dict[str, list[str]] = {}
    targets = assemble.targets(assemble.PLATFORMS, assemble.PYTHONS)
    for target in targets:
        for name, needs in _needs(known, target.environment).items():
            edges.setdefault(name, set()).update(needs)
            needed_on.setdefault(name, []).append(target.name)
    itself = _component(NAME, release.version, "MIT", ComponentType.APPLICATION)
    itself.hashes.add(HashType(alg=HashAlgorithm.SHA_256, content=_sha256(wheel)))
    components = {NAME: itself}
    for name in sorted(edges.keys() - {NAME}):
        components[name] = _component(name, pins[name], _license(name, pins[name]))
        if len(needed_on[name]) < len(targets):
            components[name].properties.add(Property(name="fieldapp:targets", value=" ".join(needed_on[name])))
    bom = Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, f"{NAME} {release.version} {release.commit}"),
        metadata=BomMetaData(timestamp=datetime.fromtimestamp(release.moment, UTC), component=itself),
        components=[component for name, component in components.items() if name != NAME],
    )
    for name, needs in edges.items():
        bom.register_dependency(components[name], [components[other] for other in sorted(needs)])
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"


def _needs(known: dict[str, list[Requirement]], environment: Mapping[str, str]) -> dict[str, set[str]]:
    """Each package that the program needs in an environment -> the packages that it requires; ``known`` grows."""
    while missing := assemble.closure(known, environment).keys() - known.keys():
        known.update({name: _requirements(name) for name in missing})
    names = assemble.closure(known, environment)
    return {name: set(_wanted(known[name], names[name], environment)) for name in names}


def _wanted(requirements: Sequence[Requirement], extras: set[str], environment: Mapping[str, str]) -> Iterator[str]:
    for requirement in requirements:
        marker = requirement.marker
        if marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in extras or {""}):
            yield canonicalize_name(requirement.name)


def _requirements(name: str) -> list[Requirement]:
    """The requirements of a package, from the metadata of the one that is installed here."""
    try:
        return [Requirement(text) for text in importlib.metadata.requires(name) or []]
    except importlib.metadata.PackageNotFoundError:
        sys.exit(f"{name} is not installed here: add it to the extra `dev`, so that its metadata can be read.")


def _license(name: str, version: str) -> str:
    """The licence of a package, as the metadata of the installed package states it."""
    metadata = importlib.metadata.metadata(name)
    if metadata["Version"] != version:
        sys.exit(f"{name} {metadata['Version']} is installed, and constraints.txt names {version}: `make clean`.")
    stated = [
        *metadata.get_all("License-Expression", []),
        LICENSES.get(name, ""),
        *metadata.get_all("License", []),
        *(c.rpartition(" :: ")[2] for c in metadata.get_all("Classifier", []) if c.startswith("License ::")),
    ]
    return next((text for text in stated if text and "\n" not in text), "")


def _component(name: str, version: str, license_text: str, sort: ComponentType = ComponentType.LIBRARY) -> Component:
    purl = PackageURL("pypi", name=name, version=version)
    licenses: list[License] = [LicenseFactory().make_from_string(license_text)] if license_text else []
    return Component(type=sort, name=name, version=version, bom_ref=str(purl), purl=purl, licenses=licenses)


# ------------------------------------------------------------------------------------------------------------------


def main() -> None:
    """Check, build twice in two folders, compare, and put the result into ``dist``."""
    parser = argparse.ArgumentParser(description="Make a release of this commit in dist/.")
    parser.add_argument("--tag", action="store_true", help="set the tag, when all was built; it is not pushed")
    parser.add_argument("--no-kit", action="store_true", help="no kit, which needs a package index and minutes")
    parser.add_argument("kit_options", nargs="*", help="options of `fieldapp kit`, after --")
    given = parser.parse_args()
    release = checked(to_tag=given.tag)
    with tempfile.TemporaryDirectory() as temporary:
        outs = []
        for place in ("first", "second/time"):
            source, out = Path(temporary) / place / NAME, Path(temporary) / place / "out"
            out.mkdir(parents=True)
            export(release.commit, source)
            build(release, source, out, None if given.no_kit else given.kit_options)
            outs.append(out)
        built, again = map(sums, outs)
        if built != again:
            sys.exit(f"Built twice, these differ: {', '.join(p for p in built if built[p] != again.get(p))}")
        dist = ROOT / "dist"
        dist.mkdir(exist_ok=True)
        for path in outs[0].iterdir():
            target = dist / path.name
            if target.is_dir():
                shutil.rmtree(target)
            shutil.move(path, target)
    lines = [f"{digest}  {path}\n" for path, digest in built.items()]
    (dist / f"{NAME}-{release.version}.sha256").write_text("".join(lines), encoding="utf-8", newline="\n")
    if given.tag and not git("tag", "--list", release.tag):
        git("tag", "-a", "-m", f"{NAME} {release.version}", release.tag)
    print("".join(lines), end="")
    print(f"{release.tag}, commit {release.commit[:12]}: built twice, the same bytes; in {dist}.")


if __name__ == "__main__":
    main()
