"""The catalog: chips, EC2 types, prices, quotas and models, read from the CSV files beside this one."""

from data.catalog import OLD_PRICES, OVERLAY, Catalog, load
from data.names import UnknownName
from data.rates import MARKETS
from data.shapes import Chip, Dataset, Grid, Instance, Item, Model, Quota, Rate

__all__ = [
    "MARKETS",
    "OLD_PRICES",
    "OVERLAY",
    "Catalog",
    "Chip",
    "Dataset",
    "Grid",
    "Instance",
    "Item",
    "Model",
    "Quota",
    "Rate",
    "UnknownName",
    "load",
]
