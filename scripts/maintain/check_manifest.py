"""Validates docs/tfjob.yaml against the schemas of what reads it.

    python scripts/maintain/check_manifest.py --crd=CRD --kubernetes=SWAGGER

The two files are named at the top of docs/tfjob.yaml. A field that a schema does not
have is an error, which `kubectl --validate=strict` would report, too. Needs PyYAML and
jsonschema, which this project does not depend on: `pip install pyyaml jsonschema`.
"""

import importlib
import json
import pathlib
import sys
from typing import Any

from mnist_tut import errors
from mnist_tut.flags import Flags

import experiments

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_string('crd', None, 'Path of kubeflow.org_tfjobs.yaml.')
flags.DEFINE_string('kubernetes', None, 'Path of swagger.json of Kubernetes.')
flags.DEFINE_string('manifest', None, 'Path of the manifest; docs/tfjob.yaml if none.')

_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
_CORE = {
    'NetworkPolicy': 'io.k8s.api.networking.v1.NetworkPolicy',
    'PersistentVolumeClaim': 'io.k8s.api.core.v1.PersistentVolumeClaim',
}

Schema = dict[str, Any]


def closed(schema: Any) -> Any:
    """Returns a schema whose objects have no fields but those that it lists."""
    if not isinstance(schema, dict):
        return schema
    schema = dict(schema)
    if (
        'x-kubernetes-int-or-string' in schema
        or schema.get('format') == 'int-or-string'
    ):
        schema.pop('anyOf', None)
        schema['type'] = ['integer', 'string']
    for key in ('items', 'additionalProperties'):
        if key in schema:
            schema[key] = closed(schema[key])
    if 'properties' in schema:
        listed = schema['properties'].items()
        schema['properties'] = {name: closed(of) for name, of in listed}
        schema.setdefault('additionalProperties', False)
    return schema


def schemas(crd: Schema, kubernetes: Schema) -> dict[tuple[str, str], Schema]:
    """Returns the schemas of the manifest's documents by apiVersion and kind."""
    definitions = {
        name: closed(schema) for name, schema in kubernetes['definitions'].items()
    }
    found: dict[tuple[str, str], Schema] = {}
    for version in crd['spec']['versions']:
        schema = closed(version['schema']['openAPIV3Schema'])
        schema['properties']['metadata'] = {'$ref': f'#/definitions/{_META}'}
        name = f'{crd["spec"]["group"]}/{version["name"]}'
        found[name, crd['spec']['names']['kind']] = schema
    for kind, name in _CORE.items():
        group, version = name.split('.')[-3:-1]
        api = version if group == 'core' else f'{group}.k8s.io/{version}'
        found[api, kind] = {'$ref': f'#/definitions/{name}'}
    return {key: {**of, 'definitions': definitions} for key, of in found.items()}


def mistakes(documents: list[Any], known: dict[tuple[str, str], Schema]) -> list[str]:
    """Returns a line for each mistake."""
    validator = importlib.import_module('jsonschema').Draft202012Validator
    lines = []
    for document in documents:
        key = document.get('apiVersion'), document.get('kind')
        if key in known:
            lines += [
                f'{key[1]}: {error.json_path}: {error.message}'
                for error in validator(known[key]).iter_errors(document)
            ]
        else:
            lines.append(f'no schema for {key[0]} {key[1]}')
    return lines


def main(_: list[str]) -> None:
    """Prints the mistakes, and exits with status 1 if there are any."""
    try:
        yaml = importlib.import_module('yaml')
        importlib.import_module('jsonschema')
    except ImportError as error:
        raise errors.FlagError(
            f'{error.name} is missing: pip install pyyaml jsonschema'
        ) from error
    if not FLAGS.crd or not FLAGS.kubernetes:
        raise errors.FlagError('--crd, --kubernetes: expected both; see --help')
    path = FLAGS.manifest or experiments.ROOT / 'docs' / 'tfjob.yaml'
    documents = list(yaml.safe_load_all(pathlib.Path(path).read_text()))
    crd = yaml.safe_load(pathlib.Path(FLAGS.crd).read_text())
    kubernetes = json.loads(pathlib.Path(FLAGS.kubernetes).read_text())
    found = mistakes(documents, schemas(crd, kubernetes))
    if found:
        sys.exit('\n'.join(found))
    print(f'{path}: {len(documents)} documents, no mistake')


if __name__ == '__main__':
    flags.run(main)
