"""Write a CycloneDX bill of materials of what the package runs with, weights included.

    make sbom

The same installed versions give the same bytes: its serial number is made of what it lists, its
time is that of the last commit (or SOURCE_DATE_EPOCH).
"""

import argparse
import datetime
import hashlib
import importlib.metadata
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path

from build_wheel import source_date
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    XsUri,
)
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output.json import JsonV1Dot6
from dependencies import PACKAGE, ROOT, Dependency, dependencies, hashes, weights
from packageurl import PackageURL

_LICENCES = LicenseFactory()


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, default=ROOT / 'dist' / f'{PACKAGE}.cdx.json')
    out = parser.parse_args().out
    out.parent.mkdir(parents=True, exist_ok=True)
    text = written(dependencies(('',)), source_date())
    out.write_text(text)
    sys.stdout.write(f'{out}: {hashlib.sha256(text.encode()).hexdigest()}\n')


def written(found: Iterable[Dependency], moment: int) -> str:
    """Write the bill.

    Args:
        found: What the package needs at run time.
        moment: When it is said to be written [s since 1970].
    """
    found = list(found)
    known = hashes()
    own = Component(
        name=PACKAGE,
        version=importlib.metadata.version(PACKAGE),
        type=ComponentType.APPLICATION,
        licenses=[_LICENCES.make_from_string('Apache-2.0')],
        bom_ref=PACKAGE,
    )
    parts = {each.name: component(each, known.get(each.name, ())) for each in found}
    models = [model(name, licence) for name, licence in weights().items()]
    bom = Bom(components=[*parts.values(), *models])
    bom.metadata.component = own
    bom.metadata.timestamp = datetime.datetime.fromtimestamp(moment, datetime.UTC)
    # What everything needs together is what the package needs; not each is told apart.
    bom.register_dependency(own, [*parts.values(), *models])
    for each in found:
        bom.register_dependency(parts[each.name], [parts[n] for n in each.needs if n in parts])
    bom.serial_number = uuid.UUID(int=0)
    content = JsonV1Dot6(bom).output_as_string()
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_OID, content)
    return JsonV1Dot6(bom).output_as_string(indent=2) + '\n'


def component(found: Dependency, files: Iterable[str]) -> Component:
    """Describe a distribution and the files by which it may be installed."""
    url = PackageURL('pypi', None, found.name, found.version)
    return Component(
        name=found.name,
        version=found.version,
        type=ComponentType.LIBRARY,
        licenses=[_LICENCES.make_from_string(found.licence)] if found.licence else [],
        purl=url,
        bom_ref=str(url),
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION,
                url=XsUri(str(url)),
                comment='one of these files',
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in files],
            )
        ],
    )


def model(name: str, licence: str) -> Component:
    """Describe a checkpoint that is part of the package."""
    path = ROOT / 'motionclip_model' / 'weights' / f'{name}.safetensors'
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Component(
        name=f'motionclip {name}',
        type=ComponentType.MACHINE_LEARNING_MODEL,
        licenses=[DisjunctiveLicense(name=licence)],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
        bom_ref=f'{path.name}@{digest[:12]}',
    )


if __name__ == '__main__':
    main()
