"""The local AWS of the playground and the tests."""

from bot.playground.aws.ec2 import IMAGE, IMAGES
from bot.playground.aws.faults import Fault
from bot.playground.aws.server import LocalAws

__all__ = ["IMAGE", "IMAGES", "Fault", "LocalAws"]
