"""The CloudFormation template that gives mlbot its role; the policy in it is made by bot.iam."""

from __future__ import annotations

import json
from textwrap import indent
from typing import Any

from bot import iam

HEAD = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: The role that mlbot runs under, with the least rights that it needs.

Parameters:
  RunsOn:
    Type: String
    AllowedValues: [ec2, ecs, another-account]
    Default: ec2
    Description: An EC2 instance, an ECS task, or mlbot's own role in another account, which enters this one.
  TrustedRole:
    Type: String
    Default: ""
    Description: With another-account, the ARN of the role that mlbot runs under there.
  ExternalId:
    Type: String
    Default: ""
    Description: With another-account, the external_id of [accounts.NAME] in the policy file; 16 characters or more.
    AllowedPattern: "^$|[\\\\w+=,.@:/-]{16,1224}$"
  RoleName:
    Type: String
    Default: mlbot
  MachineRole:
    Type: String
    Default: ""
    Description: ARN of the role behind [launch] instance_profile; empty when machines get none.
  StopOthers:
    Type: String
    AllowedValues: ["yes", "no"]
    Default: "no"
    Description: May mlbot stop and start what others made, where it is tagged mlbot:stop=allow?
  DeleteOthers:
    Type: String
    AllowedValues: ["yes", "no"]
    Default: "no"
    Description: May mlbot delete idle volumes, addresses, snapshots and endpoints that are tagged mlbot:stop=allow?
  RequestQuota:
    Type: String
    AllowedValues: ["yes", "no"]
    Default: "no"
    Description: May mlbot ask AWS for a higher quota when somebody presses the button?

Rules:
  AnotherAccountIsNamed:
    RuleCondition: !Equals [!Ref RunsOn, another-account]
    Assertions:
      - Assert: !Not [!Equals [!Ref TrustedRole, ""]]
        AssertDescription: TrustedRole is the ARN of mlbot's own role.
      - Assert: !Not [!Equals [!Ref ExternalId, ""]]
        AssertDescription: Without ExternalId anybody who may use mlbot's role elsewhere could enter this account.

Conditions:
  OnEc2: !Equals [!Ref RunsOn, ec2]
  OnEcs: !Equals [!Ref RunsOn, ecs]
  Elsewhere: !Equals [!Ref RunsOn, another-account]
  PassesRole: !Not [!Equals [!Ref MachineRole, ""]]
  StopsOthers: !Equals [!Ref StopOthers, "yes"]
  DeletesOthers: !Equals [!Ref DeleteOthers, "yes"]
  RequestsQuota: !Equals [!Ref RequestQuota, "yes"]

Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Ref RoleName
      MaxSessionDuration: 3600
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - !If
            - Elsewhere
            - Effect: Allow
              Action: sts:AssumeRole
              Principal: {AWS: !Ref TrustedRole}
              Condition: {StringEquals: {"sts:ExternalId": !Ref ExternalId}}
            - Effect: Allow
              Action: sts:AssumeRole
              Principal: {Service: !If [OnEcs, ecs-tasks.amazonaws.com, ec2.amazonaws.com]}
  InstanceProfile:
    Type: AWS::IAM::InstanceProfile
    Condition: OnEc2
    Properties:
      InstanceProfileName: !Ref RoleName
      Roles: [!Ref Role]
"""
TAIL = """\

Outputs:
  RoleArn:
    Description: For role_arn of [accounts.NAME], or for the task definition.
    Value: !GetAtt Role.Arn
"""
RIGHTS = """\
  {name}:
    Type: AWS::IAM::RolePolicy{condition}
    Properties:
      RoleName: !Ref Role
      PolicyName: {policy_name}
      PolicyDocument:
"""


def template() -> str:
    """The whole template as YAML; policy documents stand in it as JSON, which YAML contains."""
    blocks = [
        _rights("Rights", "mlbot", iam.policy()),
        _rights("PassRole", "mlbot-pass-role", _document([iam.pass_role({"Ref": "MachineRole"})]), "PassesRole"),
        _rights("MayStopOthers", "mlbot-stop-others", _document(iam.stop_others()), "StopsOthers"),
        _rights("MayDeleteOthers", "mlbot-delete-others", _document(iam.delete_others()), "DeletesOthers"),
        _rights("MayRequestQuota", "mlbot-request-quota", _document([iam.request_quota()]), "RequestsQuota"),
    ]
    return HEAD + "".join(blocks) + TAIL


def _document(statements: list[iam.Statement]) -> dict[str, Any]:
    return {"Version": iam.VERSION, "Statement": statements}


def _rights(name: str, policy_name: str, document: dict[str, Any], condition: str = "") -> str:
    line = f"\n    Condition: {condition}" if condition else ""
    head = RIGHTS.format(name=name, policy_name=policy_name, condition=line)
    return head + indent(json.dumps(document, indent=2), " " * 8) + "\n"
