"""The five stages of a skill, and the flow of one seed through them."""

from orca_agents.stages.drawing import Drawn, Fill, draw_again, draw_seed
from orca_agents.stages.flow import Made, run_seed
from orca_agents.stages.studio import Role, Studio

__all__ = ["Drawn", "Fill", "Made", "Role", "Studio", "draw_again", "draw_seed", "run_seed"]
