"""The evaluator against what AWS documents of policy evaluation."""

from __future__ import annotations

from typing import Any

import pytest
from iam_evaluator import Call, decide, like

ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def with_condition(operator: str, key: str, wanted: Any) -> dict[str, Any]:
    return {"Statement": [{**ALLOW_ALL, "Condition": {operator: {key: wanted}}}]}


def test_what_no_statement_allows_is_refused() -> None:
    policy = {"Statement": {"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "*"}}
    assert decide(policy, Call("ec2:StopInstances")) == "refused"
    assert decide(policy, Call("EC2:startinstances")) == "allowed"


def test_an_explicit_deny_wins_whatever_its_place() -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    for statements in ([ALLOW_ALL, deny], [deny, ALLOW_ALL]):
        assert decide({"Statement": statements}, Call("s3:GetObject")) == "denied"
        assert decide({"Statement": statements}, Call("ec2:RunInstances")) == "allowed"


def test_not_action_and_not_resource_turn_the_match_round() -> None:
    # AWS's own example: everything but IAM.
    policy = {"Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]}
    assert decide(policy, Call("iam:CreateUser")) == "refused"
    assert decide(policy, Call("ec2:RunInstances")) == "allowed"
    policy = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "NotResource": ["arn:aws:s3:::payroll/*"]}]}
    assert decide(policy, Call("s3:GetObject", "arn:aws:s3:::payroll/a")) == "refused"
    assert decide(policy, Call("s3:GetObject", "arn:aws:s3:::home/a")) == "allowed"


@pytest.mark.parametrize(
    ("pattern", "value", "found"),
    [
        ("arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:us-east-1:123456789012:instance/i-1", True),
        ("arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:us-east-1:123456789012:volume/vol-1", False),
        ("arn:aws:ec2:*::image/*", "arn:aws:ec2:us-east-1::image/ami-1", True),
        ("g5.*", "g5.xlarge", True),
        ("g5.*", "g5g.xlarge", False),
        ("m?.large", "m5.large", True),
        ("a.c", "abc", False),
    ],
)
def test_wild_cards(pattern: str, value: str, found: bool) -> None:
    assert like(pattern, value) is found


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "decision"),
    [
        ("StringEquals", "true", "true", "allowed"),
        ("StringEquals", "true", "True", "refused"),
        ("StringEquals", ["a", "b"], "b", "allowed"),
        ("StringEquals", "a", None, "refused"),
        ("StringEqualsIfExists", "a", None, "allowed"),
        ("StringNotEquals", "a", None, "allowed"),
        ("StringNotEquals", ["a", "b"], "b", "refused"),
        ("StringLike", "g5.*", "g5.xlarge", "allowed"),
        ("StringLike", ["g5.*", "g6.*"], "p5.48xlarge", "refused"),
        ("Bool", "true", True, "allowed"),
        ("Bool", "true", "false", "refused"),
        ("Bool", "true", None, "refused"),
        ("Null", "false", "anything", "allowed"),
        ("Null", "false", None, "refused"),
        ("Null", "true", None, "allowed"),
        ("NumericLessThanEquals", "2000", 2000, "allowed"),
        ("NumericLessThanEquals", "2000", 2001, "refused"),
        ("NumericLessThanEquals", "2000", None, "refused"),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], "allowed"),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], "refused"),
        ("ForAllValues:StringEquals", ["a"], None, "allowed"),  # AWS's documented trap: no key, no value to fail
        ("ForAnyValue:StringEquals", ["a"], ["a", "c"], "allowed"),
        ("ForAnyValue:StringEquals", ["a"], ["c"], "refused"),
        ("ForAnyValue:StringEquals", ["a"], None, "refused"),
    ],
)
def test_condition_operators(operator: str, wanted: Any, given: Any, decision: str) -> None:
    context = {} if given is None else {"some:Key": given}
    assert decide(with_condition(operator, "some:key", wanted), Call("x:Y", context=context)) == decision


def test_several_operators_and_keys_must_all_hold() -> None:
    condition = {"StringEquals": {"a:x": "1", "a:y": "2"}, "Bool": {"a:z": "true"}}
    policy = {"Statement": [{**ALLOW_ALL, "Condition": condition}]}
    assert decide(policy, Call("x:Y", context={"a:x": "1", "a:y": "2", "a:z": True})) == "allowed"
    assert decide(policy, Call("x:Y", context={"a:x": "1", "a:y": "3", "a:z": True})) == "refused"
    assert decide(policy, Call("x:Y", context={"a:x": "1", "a:y": "2"})) == "refused"


def test_a_policy_variable_is_the_callers_and_matches_nothing_when_it_has_no_value() -> None:
    policy = with_condition("StringEquals", "ec2:Owner", ["amazon", "${aws:PrincipalAccount}"])
    mine = {"ec2:Owner": "111", "aws:PrincipalAccount": "111"}
    assert decide(policy, Call("x:Y", context=mine)) == "allowed"
    assert decide(policy, Call("x:Y", context={**mine, "ec2:Owner": "222"})) == "refused"
    assert decide(policy, Call("x:Y", context={"ec2:Owner": "111"})) == "refused"


def test_what_the_evaluator_does_not_know_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(KeyError):
        decide(with_condition("DateLessThan", "a:x", "2026-01-01"), Call("x:Y", context={"a:x": "2025-01-01"}))
    with pytest.raises(ValueError, match="Principal"):
        decide({"Statement": [{**ALLOW_ALL, "Principal": "*"}]}, Call("x:Y"))
    with pytest.raises(ValueError, match="several values"):
        decide(with_condition("StringEquals", "a:x", "1"), Call("x:Y", context={"a:x": ["1"]}))
