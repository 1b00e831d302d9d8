"""What is planted, family by family: importing this package fills `PLANTS`."""

from synthetic.faults import address, department, form, procedure, setting
from synthetic.faults.plant import PLANTS, Entry

__all__ = ["PLANTS", "Entry", "address", "department", "form", "procedure", "setting"]
