"""Arithmetic with units, exact: `3 km / 20 min to km/h`."""

from orca_agents.units.evaluating import calculate as calculate
from orca_agents.units.quantities import Quantity as Quantity
