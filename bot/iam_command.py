"""`mlbot policy iam`: the IAM policy that the team's policy file needs, to paste into AWS."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb's words."""
    parser = verbs.add_parser("iam", help="print the IAM policy that mlbot needs")
    parser.add_argument("file", nargs="?", type=Path, help="default: MLBOT_POLICY; its limits narrow the IAM policy")
    parser.add_argument("--plain", action="store_true", help="as deploy/iam-policy.json has it: no policy file read")
    parser.add_argument("--template", action="store_true", help="the CloudFormation template of the role instead")
    parser.add_argument("--machine-role", metavar="ARN", default="", help="role behind [launch] instance_profile")
    for name, what in BLOCKS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=what)
    parser.set_defaults(run=run)


BLOCKS = {
    "tagged_network": "only subnets and security groups tagged mlbot:allowed=true",
    "stop_others": "stop and start what others made and tagged mlbot:stop=allow",
    "delete_others": "delete idle things that others made and tagged mlbot:stop=allow",
    "request_quota": "ask AWS for higher quotas",
}


def run(args: argparse.Namespace) -> int:
    """Print JSON (or the template's YAML); 1 when the policy file is wrong."""
    from bot import iam
    from bot.iam_template import template
    from bot.rules.errors import UserError

    if args.template:
        print(template(), end="")
        return 0
    try:
        narrowed = {} if args.plain else _from_file(args.file)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    blocks = {name: getattr(args, name) for name in BLOCKS}
    document = iam.policy(iam.Rights(machine_role=args.machine_role, **blocks, **narrowed))
    print(json.dumps(document, indent=2))
    size = len(json.dumps(document, separators=(",", ":")))
    if size > iam.LARGEST:
        print(f"{size} characters: a managed policy takes {iam.LARGEST}; split it in two.", file=sys.stderr)
    return 0


def _from_file(path: Path | None) -> dict[str, Any]:
    """What the policy file allows, as narrowings of the rights."""
    from bot import policy
    from bot.settings import Settings

    path = path or Settings().mlbot_policy
    if path is None:
        return {}
    found = policy.read(path)
    return {
        "regions": found.limits.regions,
        "families": found.limits.families,
        "most_disk_gb": found.limits.max_disk_gb,
        "accounts": tuple(account.role_arn for account in found.accounts.values()),
    }
